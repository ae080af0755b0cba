// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace camwarden
{

/* Is a text one JSON object, by the letter of RFC 8259, and nested at most `depth` levels?
 *
 * json-glib takes more than that (comments, "var x = {...};", bare words), which a text that is
 * passed on unchanged must not contain: the next reader would refuse it. A lone surrogate is
 * refused too, since it stands for no character. Does not look at the encoding. */
class JsonCheck
{
public:
  JsonCheck (std::string_view text, unsigned depth) : text_ (text), depth_ (depth) {}

  [[nodiscard]] bool
  is_object ()
  {
    skip_space ();
    if (peek () != '{' || !value ())
      return false;
    skip_space ();
    return at_ == text_.size ();
  }

private:
  [[nodiscard]] char
  peek () const
  {
    return at_ < text_.size () ? text_[at_] : '\0';
  }

  bool
  take (char c)
  {
    const bool there = peek () == c;
    at_ += there ? 1 : 0;
    return there;
  }

  void
  skip_space ()
  {
    while (peek () == ' ' || peek () == '\t' || peek () == '\n' || peek () == '\r')
      at_++;
  }

  bool
  word (std::string_view expected)
  {
    if (text_.substr (at_, expected.size ()) != expected)
      return false;
    at_ += expected.size ();
    return true;
  }

  bool
  value ()
  {
    switch (peek ()) {
    case '{':
      return members ();
    case '[':
      return elements ();
    case '"':
      return string ();
    case 't':
      return word ("true");
    case 'f':
      return word ("false");
    case 'n':
      return word ("null");
    default:
      return number ();
    }
  }

  /* Both containers are lists between brackets. */
  template <typename Entry>
  bool
  list (char open, char close, Entry entry)
  {
    if (!take (open) || depth_ == 0)
      return false;
    depth_--;
    skip_space ();
    bool more = peek () != close;
    while (more) {
      skip_space ();
      if (!entry ())
        return false;
      skip_space ();
      more = take (',');
    }
    depth_++;
    return take (close);
  }

  bool
  elements ()
  {
    return list ('[', ']', [this] { return value (); });
  }

  bool
  members ()
  {
    return list ('{', '}', [this] {
      if (!string ())
        return false;
      skip_space ();
      if (!take (':'))
        return false;
      skip_space ();
      return value ();
    });
  }

  bool
  string ()
  {
    if (!take ('"'))
      return false;
    while (at_ < text_.size ()) {
      const char c = text_[at_++];
      if (c == '"')
        return true;
      if (static_cast<unsigned char> (c) < 0x20 || (c == '\\' && !escape ()))
        return false;
    }
    return false;
  }

  bool
  escape ()
  {
    const char c = peek ();
    at_++;
    if (c != 'u')
      return c != '\0' && std::string_view ("\"\\/bfnrt").find (c) != std::string_view::npos;
    uint32_t point = 0, low = 0;
    if (!hex (&point))
      return false;
    const bool high = point >= 0xD800 && point <= 0xDBFF;
    if (!high)
      return point < 0xDC00 || point > 0xDFFF;
    return word ("\\u") && hex (&low) && low >= 0xDC00 && low <= 0xDFFF;
  }

  bool
  hex (uint32_t *value)
  {
    for (int i = 0; i < 4; i++, at_++) {
      const char c = peek ();
      const char lower = static_cast<char> (c | 0x20);
      if (c >= '0' && c <= '9')
        *value = *value << 4 | static_cast<uint32_t> (c - '0');
      else if (lower >= 'a' && lower <= 'f')
        *value = *value << 4 | static_cast<uint32_t> (lower - 'a' + 10);
      else
        return false;
    }
    return true;
  }

  bool
  digits ()
  {
    const size_t begin = at_;
    while (peek () >= '0' && peek () <= '9')
      at_++;
    return at_ > begin;
  }

  bool
  number ()
  {
    take ('-');
    if (!take ('0') && !digits ())
      return false;
    if (take ('.') && !digits ())
      return false;
    if (take ('e') || take ('E')) {
      if (!take ('+'))
        take ('-');
      return digits ();
    }
    return true;
  }

  std::string_view text_;
  unsigned depth_;
  size_t at_ = 0;
};

} // namespace camwarden
