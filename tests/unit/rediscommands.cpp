// SPDX-License-Identifier: LGPL-2.1-or-later
/* Every command that the sources send stands in the table, and the worker may send it. */
#include "redis/rediscommands.h"

#include <filesystem>
#include <fstream>
#include <glib.h>
#include <regex>
#include <set>
#include <sstream>

using namespace camwarden;

static std::string
read (const std::filesystem::path &path)
{
  std::ifstream file (path);
  std::stringstream text;
  text << file.rdbuf ();
  return text.str ();
}

/* The first word of each list of words, and what is handed to the functions that add a first word:
 * { "PUBSUB", ...   add_publish ("SPUBLISH",   push_words ("SUBSCRIBE",   add_word ("XADD") */
static std::set<std::string>
sent_words (const std::string &text)
{
  static const std::regex pattern (
      R"re((\{\s*|add_publish \(|push_words \(|add_word \(|std::string_view \()"([A-Z]{3,})"(,|\s*\}|\)))re");
  static const std::set<std::string> not_verbs{ "MAXLEN" };
  std::set<std::string> words;
  for (std::sregex_iterator it (text.begin (), text.end (), pattern), end; it != end; ++it)
    if (!not_verbs.count ((*it)[2]))
      words.insert ((*it)[2]);
  return words;
}

static std::set<std::string>
words_of_the_tree ()
{
  const char *root = g_getenv ("CAMWARDEN_SOURCE_ROOT");
  g_assert_nonnull (root);
  std::set<std::string> words;
  for (const char *folder : { "plugins/redis", "app" })
    for (const auto &entry :
         std::filesystem::recursive_directory_iterator (std::filesystem::path (root) / folder)) {
      const std::string text = entry.path ().extension () == ".cpp" ? read (entry.path ()) : "";
      const bool talks_redis = text.find ("hiredis/") != text.npos
                               || text.find ("redis/redislink.h") != text.npos
                               || text.find ("redis/redisstream.h") != text.npos
                               || text.find ("redis/framebatch.h") != text.npos;
      if (talks_redis)
        words.merge (sent_words (text));
    }
  return words;
}

static void
test_table_is_complete ()
{
  const auto words = words_of_the_tree ();
  for (const char *word : { "AUTH", "SELECT", "CLIENT", "ROLE", "PING", "PUBLISH", "SPUBLISH",
                            "XADD", "SET", "SUBSCRIBE", "PSUBSCRIBE", "PUBSUB" })
    g_assert_true (words.count (word)); /* else this test looks for the wrong pattern */
  for (const auto &word : words) {
    g_test_message ("%s", word.c_str ());
    g_assert_true (is_known_command (word));
  }
}

static void
test_names ()
{
  for (const char *name : { "publish", "PUBLISH", "Client", "xadd" })
    g_assert_true (is_known_command (name));
  for (const char *name : { "", "FLUSHALL", "publis", "publishx", "EVAL", "CONFIGX", "KEYS" })
    g_assert_false (is_known_command (name));
}

static bool
may (RedisUser user, const char *command)
{
  return (acl_rules (user) + " ").find (std::string (" +") + command + " ") != std::string::npos;
}

static void
test_users ()
{
  for (const RedisUser user :
       { RedisUser::Worker, RedisUser::Reader, RedisUser::Doctor, RedisUser::Default }) {
    g_assert_nonnull (strstr (acl_rules (user).c_str (), " -@all"));
    g_assert_null (strstr (acl_rules (user).c_str (), "+@"));
    for (const char *command : { "flushall", "eval", "config|set", "shutdown", "keys", "debug" })
      g_assert_false (may (user, command));
  }
  g_assert_true (may (RedisUser::Worker, "xadd"));
  for (const char *command : { "set", "xadd", "del", "spublish" }) {
    g_assert_true (may (RedisUser::Worker, command));
    g_assert_false (may (RedisUser::Reader, command));
    g_assert_false (may (RedisUser::Default, command));
    g_assert_false (may (RedisUser::Doctor, command));
  }
  for (const char *name : { "camwarden-worker", "camwarden-reader", "camwarden-doctor" })
    g_assert_nonnull (strstr (acl_file ().c_str (), name));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/rediscommands/table-is-complete", test_table_is_complete);
  g_test_add_func ("/rediscommands/names", test_names);
  g_test_add_func ("/rediscommands/users", test_users);
  return g_test_run ();
}
