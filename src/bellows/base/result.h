#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "bellows/base/check.h"
#include "bellows/base/error.h"

namespace bellows {

/// A value, or the Error that stands in its place. Taking the value of an Error is a programmer's mistake and aborts.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return BELLOWS_CHECK(ok(), "value() of an error"), std::get<0>(held_); }
  const T& value() const& { return BELLOWS_CHECK(ok(), "value() of an error"), std::get<0>(held_); }
  T&& value() && { return BELLOWS_CHECK(ok(), "value() of an error"), std::get<0>(std::move(held_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return BELLOWS_CHECK(!ok(), "error() of a value"), std::get<1>(held_); }
  Error&& error() && { return BELLOWS_CHECK(!ok(), "error() of a value"), std::get<1>(std::move(held_)); }

 private:
  std::variant<T, Error> held_;
};

/// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : held_(std::move(error)) {}  // NOLINT: implicit on purpose

  bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return BELLOWS_CHECK(!ok(), "error() of a success"), std::get<1>(held_); }
  Error&& error() && { return BELLOWS_CHECK(!ok(), "error() of a success"), std::get<1>(std::move(held_)); }

 private:
  std::variant<std::monostate, Error> held_;
};

using Status = Result<void>;

#define BELLOWS_CONCAT_INNER(a, b) a##b
#define BELLOWS_CONCAT(a, b) BELLOWS_CONCAT_INNER(a, b)

/// Returns the error of `expression` (a Status or any Result) to the caller, if it is one.
#define BELLOWS_TRY(expression)                                           \
  do {                                                                    \
    auto bellows_status_ = (expression);                                  \
    if (!bellows_status_.ok()) return std::move(bellows_status_).error(); \
  } while (false)

/// `BELLOWS_ASSIGN(auto x, f())`: x is the value of f(), or its error goes to the caller.
#define BELLOWS_ASSIGN(declaration, expression) \
  BELLOWS_ASSIGN_INNER(BELLOWS_CONCAT(bellows_result_, __LINE__), declaration, expression)
#define BELLOWS_ASSIGN_INNER(name, declaration, expression) \
  auto name = (expression);                                 \
  if (!name.ok()) return std::move(name).error();           \
  declaration = std::move(name).value()

}  // namespace bellows
