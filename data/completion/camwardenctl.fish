# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of camwardenctl for fish: the program itself knows what could follow.

function __camwardenctl_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] --complete -- $words[2..-1] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end

complete -c camwardenctl -f -a '(__camwardenctl_complete)'
