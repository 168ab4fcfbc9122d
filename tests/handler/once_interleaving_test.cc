// Two workers on one key, in every order of their steps at the store (tests/support/scheduler.h):
// whatever the order, the thumbnails end as those of the newest source, all presets, and what an
// older source made never follows what a newer one made.
//
// One fault is known and not among these: a source that is overwritten and put back (A, B, A)
// within one second, in a bucket without versions, under workers of which two are killed. Then
// nothing tells its uploads apart.
#include <gtest/gtest.h>

#include <set>

#include "tests/handler/pipeline_test.h"
#include "tests/support/scheduler.h"

namespace miniatura {
namespace {

constexpr const char* kKey = "a.png";

struct Killed {};  // thrown where a worker's process dies

Bytes tiny(const Colour& colour) { return solid_png(4, 4, colour); }

class Interleaving : public PipelineTest, public testing::WithParamInterface<const char*> {
 protected:
  struct Worker {
    ObjectEvent event;
    int dies_before_step = -1;     // never
    int loses_reply_of_step = -1;  // none; of a put: it takes effect, and nobody is told
    std::optional<Outcome> outcome = std::nullopt;  // nothing: it died
  };

  Interleaving() { rules_.rules[0].presets = *parse_presets(GetParam()); }

  // A run's own store, whose every operation is a step.
  void reset() {
    store_ = MemoryStore{"photos", "thumbs"};
    written_.clear();
    workers_.clear();
    store_.set_hook([this](std::string_view, const ObjectId&) -> std::optional<Error> {
      scheduler_.step();
      return std::nullopt;
    });
  }

  ObjectEvent write(const Bytes& bytes) {
    ObjectEvent event = upload(kKey, bytes);
    written_.push_back(event.etag);
    return event;
  }

  std::function<void()> worker(ObjectEvent event, int dies_before_step = -1,
                               int loses_reply_of_step = -1) {
    const std::size_t index = workers_.size();
    workers_.push_back({std::move(event), dies_before_step, loses_reply_of_step});
    return [this, index] { work(workers_[index]); };
  }

  // Removes the source, and works on the event of that.
  std::function<void()> remover(int dies_before_step = -1) {
    ObjectEvent event = event_of(kKey, "");
    event.kind = ObjectEvent::Kind::removed;
    auto work_on_it = worker(event, dies_before_step);
    return [this, work_on_it = std::move(work_on_it)] {
      scheduler_.step();
      store_.remove("photos", kKey);
      work_on_it();
    };
  }

  std::function<void()> writer(std::vector<Bytes> contents) {
    return [this, contents = std::move(contents)] {
      for (const Bytes& bytes : contents) {
        scheduler_.step();
        late_events_.push_back(write(bytes));
      }
    };
  }

  // How many steps `event` takes when nobody is in the way, as things are.
  int steps_alone(const ObjectEvent& event) {
    store_.forget_operations();
    work_on(event);
    return static_cast<int>(store_.operations().size());
  }

  // Orders with up to `interruptions` of them; gives how many there were.
  std::size_t explore(int interruptions,
                      const std::function<std::vector<std::function<void()>>()>& prepare) {
    const std::size_t runs = scheduler_.explore(
        interruptions,
        [&] {
          reset();
          late_events_.clear();
          auto actors = prepare();
          store_.forget_operations();
          return actors;
        },
        [&] { return check(); });
    RecordProperty("orders", static_cast<int>(runs));
    return runs;
  }

  // What the doors do with what is not done, and then the promise.
  bool check() {
    const auto operations = store_.operations();
    const auto reads = std::count(operations.begin(), operations.end(), "get photos/a.png");
    EXPECT_LE(reads, static_cast<std::ptrdiff_t>(3 * workers_.size()));
    for (const Worker& worker : workers_) {
      const bool again = !worker.outcome || worker.outcome->what == Outcome::What::deferred;
      if (again) expect_settled(work_on(worker.event));
      if (worker.outcome) expect_settled_or_deferred(*worker.outcome);
    }
    for (const ObjectEvent& event : late_events_) expect_settled(work_on(event));
    if (!is_removed_) expect_thumbnails_of(kKey);
    if (is_removed_ && rules_.rules[0].removes) {
      EXPECT_TRUE(store_.keys("thumbs").empty()) << store_.keys("thumbs").front();
    }
    if (is_one_way()) expect_never_backwards(kKey, written_);
    if (HasFailure()) ADD_FAILURE() << "in the order " << scheduler_.order();
    return !HasFailure();
  }

  Scheduler scheduler_;
  bool is_removed_ = false;           // the source, in the end
  std::vector<std::string> written_;  // etags of the source, oldest first
  std::vector<Worker> workers_;
  std::vector<ObjectEvent> late_events_;  // of what a writer wrote: delivered after all else

 private:
  void work(Worker& worker) {
    FaultyStore mine(store_, worker);
    try {
      worker.outcome = process(worker.event, {&rules_, &limits_, &mine, &clock_}, {});
    } catch (const Killed&) {
      worker.outcome.reset();
    }
  }

  // The store as a worker meets it.
  class FaultyStore : public ObjectStore {
   public:
    FaultyStore(ObjectStore& inner, const Worker& worker) : inner_(inner), worker_(worker) {}
    using ObjectStore::get;
    Result<Object> get(const ObjectId& id, const ByteRange& range, const Context& c) override {
      return living().get(id, range, c);
    }
    Result<ObjectInfo> head(const ObjectId& id, const Context& c) override {
      return living().head(id, c);
    }
    Result<PutResult> put(const PutRequest& request, const Context& c) override {
      auto stored = living().put(request, c);
      if (steps_ - 1 == worker_.loses_reply_of_step) {
        return fail(ErrorCode::network_unreachable, "the reply is lost");
      }
      return stored;
    }
    std::vector<Result<PutResult>> put_all(std::span<const PutRequest> requests,
                                           const Context& c) override {
      std::vector<Result<PutResult>> results;
      for (const PutRequest& request : requests) results.push_back(put(request, c));
      return results;
    }
    Result<void> remove(const ObjectId& id, const Context& c) override {
      return living().remove(id, c);
    }
    Result<Listing> list(const ListRequest& request, const Context& c) override {
      return living().list(request, c);
    }
    Result<std::string> presign(const PresignRequest& request) override {
      return living().presign(request);
    }
    Result<void> reach(const std::string& bucket, const Context& c) override {
      return living().reach(bucket, c);
    }

   private:
    ObjectStore& living() {
      if (steps_++ == worker_.dies_before_step) throw Killed{};
      return inner_;
    }
    ObjectStore& inner_;
    const Worker& worker_;
    int steps_ = 0;
  };

  static void expect_settled(const Outcome& outcome) {
    EXPECT_TRUE(outcome.what == Outcome::What::stored || outcome.what == Outcome::What::skipped)
        << (outcome.error ? outcome.error->message : "");
  }
  static void expect_settled_or_deferred(const Outcome& outcome) {
    EXPECT_NE(outcome.what, Outcome::What::failed) << (outcome.error ? outcome.error->message : "");
  }

  // No content comes back: only then is there an order of old and new.
  bool is_one_way() const {
    const std::set<std::string> distinct(written_.begin(), written_.end());
    return distinct.size() == written_.size();
  }
};

TEST_P(Interleaving, the_same_event_twice_at_once) {
  const std::size_t runs = explore(5, [&] {
    const ObjectEvent event = write(tiny(pictures::kRed));
    return std::vector{worker(event), worker(event)};
  });
  EXPECT_GT(runs, 30U);
}

TEST_P(Interleaving, an_old_event_late_beside_the_new_one) {
  const std::size_t runs = explore(5, [&] {
    const ObjectEvent old_event = write(tiny(pictures::kRed));
    const ObjectEvent new_event = write(tiny(pictures::kGreen));
    return std::vector{worker(old_event), worker(new_event)};
  });
  EXPECT_GT(runs, 30U);
}

TEST_P(Interleaving, overwritten_while_one_worker_renders) {
  explore(5, [&] {
    const ObjectEvent event = write(tiny(pictures::kRed));
    return std::vector{worker(event), writer({tiny(pictures::kGreen), tiny(pictures::kBlue)})};
  });
}

TEST_P(Interleaving, overwritten_while_two_workers_render) {
  explore(2, [&] {
    const ObjectEvent event = write(tiny(pictures::kRed));
    return std::vector{worker(event), worker(event), writer({tiny(pictures::kGreen)})};
  });
}

TEST_P(Interleaving, back_to_older_bytes_while_the_overwrite_is_worked_on) {
  explore(5, [&] {
    work_on(write(tiny(pictures::kRed)));
    const ObjectEvent event = write(tiny(pictures::kGreen));
    return std::vector{worker(event), writer({tiny(pictures::kRed)})};
  });
}

// The source was A, then B, and both workers still have B's event when it is A again.
TEST_P(Interleaving, two_workers_of_an_overwrite_that_is_taken_back) {
  explore(2, [&] {
    work_on(write(tiny(pictures::kRed)));
    const ObjectEvent event = write(tiny(pictures::kGreen));
    return std::vector{worker(event), worker(event), writer({tiny(pictures::kRed)})};
  });
}

TEST_P(Interleaving, killed_before_any_step_of_an_overwrite_beside_another_worker) {
  reset();
  work_on(write(tiny(pictures::kRed)));
  const int steps = steps_alone(write(tiny(pictures::kGreen)));
  ASSERT_GE(steps, 6);
  for (int dies = 0; dies < steps; ++dies) {
    explore(2, [&] {
      work_on(write(tiny(pictures::kRed)));
      const ObjectEvent event = write(tiny(pictures::kGreen));
      return std::vector{worker(event, dies), worker(event)};
    });
    if (HasFailure()) break;
  }
}

// An event tells of a key and not of bytes: the second worker may well begin before what it is told
// of was written.
TEST_P(Interleaving, two_overwrites_with_a_worker_each) {
  explore(2, [&] {
    work_on(write(tiny(pictures::kRed)));
    const ObjectEvent event = write(tiny(pictures::kGreen));
    return std::vector{worker(event), worker(event), writer({tiny(pictures::kBlue)})};
  });
}

TEST_P(Interleaving, killed_before_any_step_of_an_overwrite_that_is_taken_back) {
  reset();
  work_on(write(tiny(pictures::kRed)));
  const int steps = steps_alone(write(tiny(pictures::kGreen)));
  for (int dies = 0; dies < steps && !HasFailure(); ++dies) {
    explore(3, [&] {
      work_on(write(tiny(pictures::kRed)));
      const ObjectEvent event = write(tiny(pictures::kGreen));
      return std::vector{worker(event, dies), writer({tiny(pictures::kRed)})};
    });
  }
}

TEST_P(Interleaving, the_reply_of_any_put_is_lost_beside_another_worker) {
  reset();
  work_on(write(tiny(pictures::kRed)));
  const int steps = steps_alone(write(tiny(pictures::kGreen)));
  for (int lost = 0; lost < steps && !HasFailure(); ++lost) {
    explore(2, [&] {
      work_on(write(tiny(pictures::kRed)));
      const ObjectEvent event = write(tiny(pictures::kGreen));
      return std::vector{worker(event, -1, lost), worker(event)};
    });
  }
}

TEST_P(Interleaving, the_source_is_removed_while_two_workers_render) {
  is_removed_ = true;
  explore(3, [&] {
    const ObjectEvent event = write(tiny(pictures::kRed));
    return std::vector<std::function<void()>>{worker(event), worker(event), [this] {
                                                scheduler_.step();
                                                store_.remove("photos", kKey);
                                              }};
  });
}

TEST_P(Interleaving, a_source_that_goes_takes_its_thumbnails_along) {
  rules_.rules[0].removes = true;
  is_removed_ = true;
  explore(3, [&] {
    const ObjectEvent event = write(tiny(pictures::kRed));
    return std::vector{worker(event), remover()};
  });
  for (int dies = 0; dies < 8 && !HasFailure(); ++dies) {
    explore(2, [&] {
      const ObjectEvent event = write(tiny(pictures::kRed));
      return std::vector{worker(event, dies), remover()};
    });
    explore(2, [&] {
      const ObjectEvent event = write(tiny(pictures::kRed));
      return std::vector{worker(event), remover(dies)};
    });
  }
}

TEST_P(Interleaving, a_source_that_comes_back_has_its_thumbnails) {
  rules_.rules[0].removes = true;
  const auto uploader = [&] {  // uploads anew, and works on that
    return [this] {
      scheduler_.step();
      work_on(write(tiny(pictures::kGreen)));
    };
  };
  for (int dies = -1; dies < 8 && !HasFailure(); ++dies) {
    explore(2, [&] {
      work_on(write(tiny(pictures::kRed)));
      store_.remove("photos", kKey);
      ObjectEvent removal = event_of(kKey, "");
      removal.kind = ObjectEvent::Kind::removed;
      return std::vector<std::function<void()>>{worker(removal, dies), uploader()};
    });
  }
}

TEST_P(Interleaving, killed_before_any_step_alone_and_delivered_again) {
  reset();
  const int steps = steps_alone(write(tiny(pictures::kRed)));
  for (int dies = 0; dies < steps; ++dies) {
    explore(1, [&] { return std::vector{worker(write(tiny(pictures::kRed)), dies)}; });
  }
}

// The first and the last one are looked at; there may be one between them.
INSTANTIATE_TEST_SUITE_P(Presets, Interleaving,
                         testing::Values("small=2x2:png,card=3x3:png",
                                         "small=2x2:png,middle=1x1:png,card=3x3:png"),
                         [](const auto& presets) {
                           return std::string(presets.index == 0 ? "two" : "three");
                         });

}  // namespace
}  // namespace miniatura
