// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <sqlite3.h>
#include <string>
#include <string_view>

namespace camwarden
{

/* One statement of SQLite, finalized with its owner. After an error everything does nothing; the
 * connection knows what it was. */
class Statement
{
public:
  Statement (sqlite3 *db, const char *sql)
  {
    result_ = sqlite3_prepare_v2 (db, sql, -1, &statement_, nullptr);
  }
  ~Statement () { sqlite3_finalize (statement_); }
  Statement (const Statement &) = delete;
  Statement &operator= (const Statement &) = delete;

  Statement &
  integer (int64_t value)
  {
    return note (sqlite3_bind_int64 (statement_, ++bound_, value));
  }
  Statement &
  real (std::optional<double> value)
  {
    return note (value ? sqlite3_bind_double (statement_, ++bound_, *value)
                       : sqlite3_bind_null (statement_, ++bound_));
  }
  /* The text must live until the statement was run. */
  Statement &
  text (std::string_view value)
  {
    return note (sqlite3_bind_text64 (statement_, ++bound_, value.data (), value.size (),
                                      SQLITE_STATIC, SQLITE_UTF8));
  }
  Statement &
  blob (std::span<const float> value)
  {
    return note (sqlite3_bind_blob64 (statement_, ++bound_, value.data (), value.size_bytes (),
                                      SQLITE_STATIC));
  }

  /* A row is there. */
  [[nodiscard]] bool
  row ()
  {
    if (result_ != SQLITE_OK && result_ != SQLITE_ROW)
      return false;
    result_ = sqlite3_step (statement_);
    return result_ == SQLITE_ROW;
  }
  /* To its end; what was bound is forgotten, so that it can be run again. */
  bool
  run ()
  {
    while (row ()) {
    }
    const bool good = result_ == SQLITE_DONE;
    if (good)
      result_ = sqlite3_reset (statement_);
    bound_ = 0;
    return good;
  }
  /* There were no errors. */
  [[nodiscard]] bool
  good () const
  {
    return result_ == SQLITE_OK || result_ == SQLITE_ROW || result_ == SQLITE_DONE;
  }

  [[nodiscard]] int64_t
  get_integer (int column) const
  {
    return sqlite3_column_int64 (statement_, column);
  }
  [[nodiscard]] std::optional<double>
  get_real (int column) const
  {
    if (sqlite3_column_type (statement_, column) == SQLITE_NULL)
      return {};
    return sqlite3_column_double (statement_, column);
  }
  [[nodiscard]] std::string
  get_text (int column) const
  {
    const auto *text = reinterpret_cast<const char *> (sqlite3_column_text (statement_, column));
    const int size = sqlite3_column_bytes (statement_, column);
    return text ? std::string (text, static_cast<size_t> (size)) : std::string ();
  }
  /* As long as the row is the present one; SQLite keeps blobs wherever, so they are copied. */
  [[nodiscard]] std::string_view
  get_blob (int column) const
  {
    const auto *data = static_cast<const char *> (sqlite3_column_blob (statement_, column));
    const int size = sqlite3_column_bytes (statement_, column);
    return data ? std::string_view (data, static_cast<size_t> (size)) : std::string_view ();
  }

private:
  Statement &
  note (int result)
  {
    if (result_ == SQLITE_OK)
      result_ = result;
    return *this;
  }

  sqlite3_stmt *statement_ = nullptr;
  int result_ = SQLITE_OK;
  int bound_ = 0;
};

} // namespace camwarden
