// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/completion.h"

#include "config/config.h"
#include "config/i18n.h"
#include "config/values.h"
#include "ctl/exitstatus.h"

#include <algorithm>
#include <cstdio>

namespace camwarden
{

namespace
{

/* Options whose argument is one of a few words. */
struct Choice
{
  const char *option;
  const char *words;
};
constexpr Choice choices[]{
  { "role", "read control admin" },
  { "tier", "source pipeline device worker" },
  { "severity", "info warning critical" },
};

class Completion
{
public:
  Completion (std::span<const Command *const> commands, const Words &words)
      : commands_ (commands), words_ (words), last_ (words.empty () ? "" : words.back ())
  {}

  void
  run ()
  {
    list_options (*commands_.front ()); /* those of every command, until one is known */
    for (size_t i = 0; i + 1 < words_.size (); i++)
      take (words_[i]);
    if (open_option_)
      return offer_argument (*open_option_);
    if (last_.starts_with ("-"))
      return offer_options ();
    if (!command_)
      for (const Command *command : commands_)
        offer (command->name, _ (command->summary));
    else
      offer_word ();
  }

private:
  void
  list_options (const Command &command)
  {
    options_.clear ();
    CtlContext context;
    context.command = &command;
    context.listing = &options_;
    char *argv[] = { const_cast<char *> (command.name), nullptr };
    (void)command.run (context, 1, argv);
  }

  /* A word that is there already. */
  void
  take (const std::string &word)
  {
    if (open_option_) {
      if (open_option_->name == "config")
        config_file_ = word;
      open_option_.reset ();
    } else if (word.starts_with ("--") && word.find ('=') == std::string::npos) {
      for (const auto &option : options_)
        if (option.argument && word == "--" + option.name)
          open_option_ = option;
    } else if (!word.starts_with ("-")) {
      take_plain (word);
    }
  }

  void
  take_plain (const std::string &word)
  {
    if (command_) {
      plain_.push_back (word);
      return;
    }
    for (const Command *command : commands_)
      if (word == command->name)
        command_ = command;
    if (command_)
      list_options (*command_);
  }

  void
  offer (const std::string &word, const std::string &text = {}) const
  {
    if (word.starts_with (last_))
      printf ("%s\t%s\n", word.c_str (), text.c_str ());
  }

  void
  offer_options () const
  {
    for (const auto &option : options_)
      offer ("--" + option.name, option.text);
  }

  void
  offer_argument (const OptionInfo &option) const
  {
    if (option.file)
      puts (":files");
    if (option.name == "camera")
      offer_cameras ();
    for (const auto &choice : choices)
      if (option.name == choice.option)
        for (const auto &word : split_words (choice.words, " "))
          offer (word);
  }

  [[nodiscard]] std::vector<ConfigEntry>
  configuration () const
  {
    std::vector<Finding> findings;
    const auto config = Config::load (
        ConfigSources::from_environment (config_file_.empty () ? nullptr : config_file_.c_str ()),
        findings);
    return config ? config->entries () : std::vector<ConfigEntry>{};
  }

  void
  offer_cameras () const
  {
    std::string last;
    for (const auto &entry : configuration ())
      if (group_family (entry.group) == "camera" && entry.group != last) {
        offer (entry.group.substr (entry.group.find (':') + 1));
        last = entry.group;
      }
  }

  void
  offer_word () const
  {
    const std::string name = command_->name;
    const bool id_first = std::string_view (command_->arguments).starts_with ("ID");
    if (id_first && plain_.empty ())
      return offer_cameras ();
    if (plain_.size () == (id_first ? 1 : 0))
      return offer_verbs ();
    if (name == "config")
      offer_config ();
  }

  /* The words in small letters of "ID [status|test]". */
  void
  offer_verbs () const
  {
    for (const auto &verb : split_words (command_->arguments, " []|"))
      if (verb.find_first_not_of ("abcdefghijklmnopqrstuvwxyz") == std::string::npos)
        offer (verb);
  }

  void
  offer_config () const
  {
    const bool keys = plain_.size () == 2 && plain_[0] != "show";
    if (plain_[0] == "check" || plain_[0] == "edit" || (plain_.size () != 1 && !keys))
      return;
    std::string last;
    for (const auto &entry : configuration ()) {
      if (keys && entry.group == plain_[1]) {
        const Key *key = find_key (entry.group, entry.key);
        offer (entry.key, key ? key->doc : "");
      }
      if (!keys && entry.group != last)
        offer (entry.group);
      last = entry.group;
    }
  }

  const std::span<const Command *const> commands_;
  const Words &words_;
  const std::string last_;
  std::vector<OptionInfo> options_;
  std::optional<OptionInfo> open_option_;
  const Command *command_ = nullptr;
  Words plain_;
  std::string config_file_;
};

} // namespace

int
complete (std::span<const Command *const> commands, const Words &words)
{
  Completion (commands, words).run ();
  return EXIT_HEALTHY;
}

} // namespace camwarden
