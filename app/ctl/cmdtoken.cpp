// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "ctl/exitstatus.h"
#include "ctl/filechange.h"
#include "ctl/jsonvalue.h"
#include "ctl/servicereload.h"
#include "ctl/tokenlist.h"
#include "gobject/ref.h"

#include <cstdio>
#include <unistd.h>

namespace camwarden
{

namespace
{

/* [http] token-file of the configuration. */
std::string
token_file (const CtlContext &context)
{
  std::vector<Finding> findings;
  const auto config = Config::load (config_sources (context.options), findings);
  if (config)
    return config->http ().token_file;
  for (const auto &finding : findings)
    if (finding.error)
      complain (finding.message ());
  return {};
}

int
cannot_write (const std::string &problem)
{
  complain (problem);
  return EXIT_CANNOT_WRITE;
}

std::optional<TokenList>
read_tokens (const std::string &file)
{
  std::string problem;
  const auto text = read_whole (file, problem);
  if (!text)
    complain (problem);
  return text ? std::optional (TokenList (*text)) : std::nullopt;
}

/* A token file without a token is one that the daemon refuses. */
std::string
save (const std::string &file, const TokenList &tokens)
{
  if (tokens.entries ().empty ())
    return remove_file (file);
  const bool fresh = access (file.c_str (), F_OK) != 0;
  std::string problem = replace_file (file, tokens.text (), 0600, true);
  if (problem.empty () && fresh && !give_to_service (file, GivenTo::User))
    complain (take_string (
        g_strdup_printf (_ ("cannot give %s to the user %s"), file.c_str (), "camwarden")));
  return problem;
}

void
add_member (JsonBuilder *json, const char *name, const std::string &text)
{
  json_builder_set_member_name (json, name);
  json_builder_add_string_value (json, clip (text, 4096).c_str ());
}

void
write_entry (JsonBuilder *json, const TokenList::Entry &entry)
{
  add_member (json, "fingerprint", entry.fingerprint);
  add_member (json, "role", entry.role);
  add_member (json, "name", entry.name);
}

int
list_tokens (CtlContext &context, const std::string &file)
{
  const auto tokens = read_tokens (file);
  if (!tokens)
    return EXIT_MISSING;
  const JsonBuilderPtr json (json_builder_new ());
  json_builder_begin_array (json.get ());
  std::string text;
  for (const auto &entry : tokens->entries ()) {
    text += pad (entry.fingerprint, 8) + "  " + pad (entry.role, 7) + "  "
            + clip (entry.name, context.terminal.columns - 19) + "\n";
    json_builder_begin_object (json.get ());
    write_entry (json.get (), entry);
    json_builder_end_object (json.get ());
  }
  json_builder_end_array (json.get ());
  if (text.empty ())
    text = take_string (g_strdup_printf (_ ("There is no token in %s.\n"), file.c_str ()));
  if (context.options.json)
    fputs (to_text (json).c_str (), stdout);
  else
    print (context.terminal, text);
  return EXIT_HEALTHY;
}

/* The one moment at which the token is seen. */
void
show_token (CtlContext &context, const TokenList::Entry &entry, const std::string &token)
{
  if (!context.options.json) {
    printf ("%s\n", token.c_str ());
    return;
  }
  const JsonBuilderPtr json (json_builder_new ());
  json_builder_begin_object (json.get ());
  write_entry (json.get (), entry);
  add_member (json.get (), "token", token);
  json_builder_end_object (json.get ());
  fputs (to_text (json).c_str (), stdout);
}

int
add_token (CtlContext &context, const std::string &file, const std::string &role,
           const std::string &name)
{
  if (role != "read" && role != "control" && role != "admin")
    return wrong_usage (_ ("--role is read, control or admin"));
  if (name != clip (name, 60))
    return wrong_usage (_ ("--name is one line of at most 60 characters"));
  const ChangeLock lock (file);
  if (!lock.error ().empty ())
    return cannot_write (lock.error ());
  auto tokens = read_tokens (file);
  if (!tokens)
    return EXIT_MISSING;
  const std::string token = make_token ();
  if (token.empty ())
    return cannot_write (_ ("the kernel gives no random numbers"));
  tokens->add (role, name, token);
  if (const std::string problem = save (file, *tokens); !problem.empty ())
    return cannot_write (problem);
  show_token (context, tokens->entries ().back (), token);
  return EXIT_HEALTHY;
}

int
remove_token (const std::string &file, const std::string &which)
{
  const ChangeLock lock (file);
  if (!lock.error ().empty ())
    return cannot_write (lock.error ());
  auto tokens = read_tokens (file);
  if (!tokens)
    return EXIT_MISSING;
  switch (tokens->remove (which)) {
  case TokenList::Removed::NotFound:
    complain (take_string (g_strdup_printf (
        _ ("there is no token \"%s\"; \"camwardenctl token list\" shows their fingerprints"),
        clip (which, 60).c_str ())));
    return EXIT_MISSING;
  case TokenList::Removed::Several:
    return wrong_usage (_ ("several tokens have that name; give the fingerprint"));
  default:
    break;
  }
  const std::string problem = save (file, *tokens);
  return problem.empty () ? EXIT_HEALTHY : cannot_write (problem);
}

struct TokenOptions
{
  char *role = nullptr;
  char *name = nullptr;
  gboolean reload = FALSE;

  TokenOptions () = default;
  TokenOptions (const TokenOptions &) = delete;
  ~TokenOptions ()
  {
    g_free (role);
    g_free (name);
  }
};

int
run_verb (CtlContext &context, const TokenOptions &options, const Words &words)
{
  const std::string verb = words.empty () ? "" : words[0];
  const bool add = verb == "add" && words.size () == 1;
  const bool remove = verb == "remove" && words.size () == 2;
  if (!add && !remove && !(verb == "list" && words.size () == 1))
    return wrong_usage (_ ("say \"token add --role ROLE\", \"token list\" or \"token remove "
                           "FINGERPRINT\""));
  if ((options.role || options.name) && !add)
    return wrong_usage (_ ("--role and --name go with add"));
  if (options.reload && !add && !remove)
    return wrong_usage (_ ("--reload goes with add and remove"));
  if (add && !options.role)
    return wrong_usage (_ ("--role is missing: read, control or admin"));
  const std::string file = token_file (context);
  if (file.empty ())
    return EXIT_BAD_CONFIG;
  if (add)
    return add_token (context, file, options.role, options.name ? options.name : "");
  return remove ? remove_token (file, words[1]) : list_tokens (context, file);
}

int
run_token (CtlContext &context, int argc, char **argv)
{
  TokenOptions options;
  const GOptionEntry entries[] = {
    { "role", 0, 0, G_OPTION_ARG_STRING, &options.role, N_ ("add: read, control or admin"),
      N_ ("ROLE") },
    { "name", 0, 0, G_OPTION_ARG_STRING, &options.name, N_ ("add: whose it is, for the list"),
      N_ ("TEXT") },
    { "reload", 0, 0, G_OPTION_ARG_NONE, &options.reload, N_ ("Let the daemon read the file then"),
      nullptr },
    {},
  };
  const char *about = _ ("add      makes a token of 256 bits and prints it, this once\n"
                         "list     their fingerprints, roles and names\n"
                         "remove   one of them, by its fingerprint or name\n\n"
                         "They are in the file [http] token-file of this machine.");
  const auto words = context.parse (entries, argc, argv, about);
  if (!words)
    return EXIT_USAGE;
  if (!context.options.url.empty ())
    return wrong_usage (_ ("tokens are made on the daemon's own machine, without --url"));
  const int result = run_verb (context, options, *words);
  if (result != EXIT_HEALTHY || !options.reload)
    return result;
  fflush (stdout);
  return reload_service (context, true);
}

} // namespace

const Command token_command{ "token", "add|list|remove [FINGERPRINT]",
                             N_ ("Who may use the HTTP interface from other machines"), run_token };

} // namespace camwarden
