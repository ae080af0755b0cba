// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/optionparser.h"

#include "config/i18n.h"
#include "ctl/command.h"

namespace camwarden
{

/* As GOption wants them. */
struct OptionTexts
{
  char *socket = nullptr;
  char *url = nullptr;
  char *token_file = nullptr;
  char *config_file = nullptr;
  gboolean json = FALSE;
  char **words = nullptr;

  OptionTexts () = default;
  OptionTexts (const OptionTexts &) = delete;
  OptionTexts &operator= (const OptionTexts &) = delete;
  ~OptionTexts ()
  {
    for (char *text : { socket, url, token_file, config_file })
      g_free (text);
    g_strfreev (words);
  }
};

static void
list_options (const GOptionEntry *entries, std::vector<OptionInfo> &listing)
{
  for (const GOptionEntry *entry = entries; entry && entry->long_name; entry++)
    if (*entry->long_name && !(entry->flags & G_OPTION_FLAG_HIDDEN))
      listing.push_back ({ entry->long_name, _ (entry->description),
                           entry->arg != G_OPTION_ARG_NONE, entry->arg == G_OPTION_ARG_FILENAME });
}

bool
OptionParser::parse_into (OptionTexts &texts, int argc, char **argv) const
{
  const GOptionEntry common[] = {
    { "json", 'j', 0, G_OPTION_ARG_NONE, &texts.json, N_ ("Print JSON"), nullptr },
    { "socket", 's', 0, G_OPTION_ARG_FILENAME, &texts.socket, N_ ("The daemon's Unix socket"),
      N_ ("PATH") },
    { "url", 'u', 0, G_OPTION_ARG_STRING, &texts.url, N_ ("A daemon on another host"), N_ ("URL") },
    { "token-file", 't', 0, G_OPTION_ARG_FILENAME, &texts.token_file,
      N_ ("A file that holds the token for it"), N_ ("FILE") },
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &texts.config_file,
      N_ ("One configuration file instead of the usual ones"), N_ ("FILE") },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &texts.words, nullptr,
      arguments.empty () ? nullptr : arguments.c_str () },
    {},
  };
  if (listing) {
    list_options (entries, *listing);
    list_options (common, *listing);
    return false;
  }
  g_set_prgname (program.c_str ());
  g_autoptr (GOptionContext) context = g_option_context_new (nullptr);
  g_option_context_set_summary (context, summary.c_str ());
  g_option_context_set_description (context, description.c_str ());
  g_option_context_set_strict_posix (context, stop_at_word);
  if (entries)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, common, GETTEXT_PACKAGE);
  g_autoptr (GError) error = nullptr;
  if (!g_option_context_parse (context, &argc, &argv, &error))
    complain (error->message);
  return error == nullptr;
}

std::optional<std::vector<std::string>>
OptionParser::parse (int argc, char **argv)
{
  OptionTexts texts;
  if (!parse_into (texts, argc, argv))
    return std::nullopt;
  const auto take = [] (std::string &to, const char *text) {
    if (text)
      to = text;
  };
  take (options_.socket, texts.socket);
  take (options_.url, texts.url);
  take (options_.token_file, texts.token_file);
  take (options_.config_file, texts.config_file);
  options_.json = options_.json || texts.json;
  if (!options_.socket.empty () && !options_.url.empty ()) {
    complain (_ ("--socket and --url exclude each other"));
    return std::nullopt;
  }
  std::vector<std::string> words;
  for (char **word = texts.words; word && *word; word++)
    words.emplace_back (*word);
  return words;
}

} // namespace camwarden
