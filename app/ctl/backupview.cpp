// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/backupview.h"

#include "config/i18n.h"
#include "ctl/jsonvalue.h"
#include "ctl/jsonwriter.h"
#include "ctl/textformat.h"

namespace camwarden
{

static std::string
size_text (uint64_t bytes)
{
  return format_bytes (static_cast<double> (bytes));
}

std::string
format_archives (const std::vector<ListedArchive> &archives, const std::string &directory,
                 const Terminal &terminal)
{
  if (archives.empty ())
    return wrap (text_of (_ ("There is no backup in %s. Make one with \"camwardenctl backup "
                             "create\"."),
                          directory.c_str ()),
                 terminal.columns, 0)
           + "\n";
  std::string text;
  uint64_t all = 0;
  for (const ListedArchive &archive : archives) {
    all += archive.bytes;
    text += pad (format_time (archive.time * G_USEC_PER_SEC), 21)
            + pad (size_text (archive.bytes), 10) + clip (archive.name, terminal.columns - 31)
            + "\n";
  }
  const auto count = static_cast<unsigned long> (archives.size ());
  text += wrap (text_of (ngettext ("%lu backup in %s, %s", "%lu backups in %s, %s", count), count,
                         directory.c_str (), size_text (all).c_str ()),
                terminal.columns, 0);
  return text + "\n";
}

std::string
archives_json (const std::vector<ListedArchive> &archives, const std::string &directory)
{
  JsonWriter json;
  json.name ("directory").text (directory);
  json.name ("backups").begin_array ();
  for (const ListedArchive &archive : archives) {
    json.begin_object ();
    json.name ("name").text (archive.name);
    json.name ("created").text (iso_time (archive.time * G_USEC_PER_SEC));
    json.name ("bytes").integer (archive.bytes);
    json.end_object ();
  }
  json.end_array ();
  return json.finish ();
}

std::string
format_outcome (const BackupOutcome &outcome, bool dry_run, const Terminal &terminal)
{
  const auto files = static_cast<unsigned long> (outcome.files);
  const std::string read = text_of (ngettext ("%lu file, %s", "%lu files, %s", files), files,
                                    size_text (outcome.bytes).c_str ());
  std::string text
      = dry_run ? text_of (_ ("Would be written to %s: %s."), outcome.path.c_str (), read.c_str ())
                : text_of (_ ("%s: %s, as an archive %s."), outcome.path.c_str (), read.c_str (),
                           size_text (outcome.archive_bytes).c_str ());
  text = wrap (text, terminal.columns, 2) + "\n";
  for (const std::string &path : outcome.unreadable)
    text += terminal.paint (Tone::Warning, terminal.mark (Tone::Warning)) + " "
            + wrap (text_of (_ ("left out: %s"), path.c_str ()), terminal.columns - 2, 2) + "\n";
  if (const size_t more = outcome.unreadable_count - outcome.unreadable.size (); more > 0)
    text += text_of (_ ("  and %zu more\n"), more);
  if (outcome.changed > 0)
    text += text_of (_ ("Became shorter while they were read, zeros stand for the rest: %lu\n"),
                     static_cast<unsigned long> (outcome.changed));
  if (outcome.others > 0)
    text += text_of (_ ("Links, sockets and devices left out: %lu\n"),
                     static_cast<unsigned long> (outcome.others));
  return text;
}

std::string
outcome_json (const BackupOutcome &outcome, bool dry_run)
{
  JsonWriter json;
  json.name ("archive").text (outcome.path);
  json.name ("dry_run").flag (dry_run);
  json.name ("files").integer (outcome.files);
  json.name ("bytes").integer (outcome.bytes);
  json.name ("archive_bytes").integer (outcome.archive_bytes);
  json.name ("changed").integer (outcome.changed);
  json.name ("left_out").integer (outcome.others + outcome.unreadable_count);
  json.name ("unreadable").begin_array ();
  for (const std::string &path : outcome.unreadable)
    json.text (path);
  json.end_array ();
  return json.finish ();
}

std::string
format_sums (const std::map<std::string, ArchiveReader::Sum> &sums)
{
  std::string text;
  for (const auto &[tree, sum] : sums)
    text += "  " + pad (tree, 10)
            + text_of (ngettext ("%lu file", "%lu files", sum.files),
                       static_cast<unsigned long> (sum.files))
            + ", " + size_text (sum.bytes) + "\n";
  return text;
}

std::string
sums_json (const std::map<std::string, ArchiveReader::Sum> &sums, const std::string &about,
           const std::string &problem)
{
  JsonWriter json;
  json.name ("good").flag (problem.empty ());
  json.name ("problem");
  problem.empty () ? json.null () : json.text (problem);
  const JsonNodePtr root = parse_json_object (about);
  for (const char *name : { "created", "host", "camwarden" })
    json.name (name).text (root ? json_text (json_node_get_object (root.get ()), name) : "");
  json.name ("trees").begin_object ();
  for (const auto &[tree, sum] : sums) {
    json.name (tree.c_str ()).begin_object ();
    json.name ("files").integer (sum.files);
    json.name ("bytes").integer (sum.bytes);
    json.end_object ();
  }
  json.end_object ();
  return json.finish ();
}

} // namespace camwarden
