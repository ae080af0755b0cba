// SPDX-License-Identifier: LGPL-2.1-or-later
/* pojson FILE.po > FILE.json: a catalogue as the page reads it, {"text": "translation"} and
 * {"singular": ["form", ...]}. What is fuzzy or not translated is left out. The texts keep their
 * escapes, which mean the same in JSON. */
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace
{

struct Entry
{
  std::string id;
  bool plural = false;
  bool fuzzy = false;
  std::vector<std::string> forms;
};

/* What stands between the outer quotes. */
std::string_view
quoted (std::string_view line)
{
  const size_t begin = line.find ('"'), end = line.rfind ('"');
  return begin == std::string_view::npos || end <= begin ? ""
                                                         : line.substr (begin + 1, end - begin - 1);
}

class Reader
{
public:
  void
  take (std::string_view line)
  {
    if (line.starts_with ("#,"))
      fuzzy_ = line.find ("fuzzy") != std::string_view::npos;
    else if (line.starts_with ("msgid_plural "))
      begin (unused_, line);
    else if (line.starts_with ("msgid "))
      begin (next (), line);
    else if (line.starts_with ("msgstr") && !entries_.empty ())
      begin (form (line.starts_with ("msgstr[")), line);
    else if (line.starts_with ('"') && target_)
      *target_ += quoted (line);
  }

  [[nodiscard]] const std::vector<Entry> &
  entries () const
  {
    return entries_;
  }

private:
  void
  begin (std::string &target, std::string_view line)
  {
    target = quoted (line);
    target_ = &target;
  }

  std::string &
  next ()
  {
    entries_.push_back ({ .id = {}, .fuzzy = fuzzy_, .forms = {} });
    fuzzy_ = false;
    return entries_.back ().id;
  }

  std::string &
  form (bool plural)
  {
    entries_.back ().plural = plural;
    return entries_.back ().forms.emplace_back ();
  }

  std::vector<Entry> entries_;
  std::string *target_ = nullptr;
  std::string unused_;
  bool fuzzy_ = false;
};

bool
is_usable (const Entry &entry)
{
  bool complete = !entry.id.empty () && !entry.fuzzy && !entry.forms.empty ();
  for (const auto &form : entry.forms)
    complete = complete && !form.empty ();
  return complete;
}

std::string
json_of (const Entry &entry)
{
  std::string text = "\"" + entry.id + "\":";
  if (!entry.plural)
    return text + "\"" + entry.forms.front () + "\"";
  const char *separator = "[";
  for (const auto &form : entry.forms) {
    text += separator + ("\"" + form + "\"");
    separator = ",";
  }
  return text + "]";
}

} // namespace

int
main (int argc, char **argv)
{
  std::ifstream file (argc == 2 ? argv[1] : "");
  if (!file) {
    std::cerr << "Usage: pojson FILE.po, one that can be read\n";
    return 64;
  }
  Reader reader;
  for (std::string line; std::getline (file, line);)
    reader.take (line);
  const char *separator = "{\n";
  for (const auto &entry : reader.entries ()) {
    if (!is_usable (entry))
      continue;
    std::cout << separator << json_of (entry);
    separator = ",\n";
  }
  std::cout << "\n}\n";
  return std::cout.good () ? 0 : 1;
}
