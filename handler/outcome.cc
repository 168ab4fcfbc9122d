#include "handler/outcome.h"

namespace miniatura {

std::string_view skip_reason_name(SkipReason reason) {
  switch (reason) {
    case SkipReason::no_rule:
      return "no_rule";
    case SkipReason::folder:
      return "folder";
    case SkipReason::not_created:
      return "not_created";
    case SkipReason::own_output:
      return "own_output";
    case SkipReason::superseded:
      return "superseded";
    case SkipReason::done:
      return "done";
    case SkipReason::stale:
      return "stale";
    case SkipReason::gone:
      return "gone";
    case SkipReason::empty:
      return "empty";
    case SkipReason::removed:
      return "removed";
  }
  return "";
}

Outcome::What what_ends(const Error& error) {
  return error.retryable() ? Outcome::What::deferred : Outcome::What::failed;
}

std::string_view outcome_name(Outcome::What what) {
  switch (what) {
    case Outcome::What::stored:
      return "stored";
    case Outcome::What::skipped:
      return "skipped";
    case Outcome::What::failed:
      return "failed";
    case Outcome::What::deferred:
      return "deferred";
  }
  return "";
}

}  // namespace miniatura
