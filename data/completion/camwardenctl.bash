# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Completion of camwardenctl for bash: the program itself knows what could follow.

_camwardenctl ()
{
    local cur words cword word
    _get_comp_words_by_ref -n := cur words cword || return
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        if [ "$word" = :files ]; then
            compopt -o filenames
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
        else
            COMPREPLY+=("$word")
        fi
    done < <("${words[0]}" --complete -- "${words[@]:1:cword}" 2>/dev/null)
    __ltrim_colon_completions "$cur"
}

complete -F _camwardenctl camwardenctl
