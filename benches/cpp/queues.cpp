// Hand-written loops for the two reference queues on std::priority_queue, the yardstick for the
// general interpreter. Prints one line a model: name, nanoseconds of CPU time a request, mean.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <queue>
#include <vector>

struct Xoshiro256pp {
    uint64_t s[4];
    explicit Xoshiro256pp(uint64_t seed) {
        for (auto& word : s) {
            uint64_t z = (seed += 0x9e3779b97f4a7c15ull);
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
            z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
            word = z ^ (z >> 31);
        }
    }
    static uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
    uint64_t next() {
        uint64_t result = rotl(s[0] + s[3], 23) + s[0], t = s[1] << 17;
        s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t; s[3] = rotl(s[3], 45);
        return result;
    }
    double unit() { return (next() >> 11) * 0x1.0p-53; }
    double exponential(double mean) { return -mean * std::log(1.0 - unit()); }
};

static double cpu_seconds() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

struct Event {
    double time;
    uint64_t seq;
    int kind;
    uint32_t request;
    uint32_t generation;
    bool operator<(const Event& other) const {
        return time > other.time || (time == other.time && seq > other.seq);
    }
};

// M/M/4 at 80 %: mean waiting time should be 0.7455.
static double mm4(uint64_t seed, long requests) {
    Xoshiro256pp arrivals(seed), service(seed + 1);
    std::priority_queue<Event> events;
    std::deque<double> waiting;
    uint64_t seq = 0;
    int busy = 0;
    double total_wait = 0;
    long started = 0, arrived = 0;
    events.push({arrivals.exponential(1 / 3.2), seq++, 0, 0, 0});
    while (started < requests) {
        Event event = events.top();
        events.pop();
        if (event.kind == 0) {
            if (++arrived < requests + 1000)
                events.push({event.time + arrivals.exponential(1 / 3.2), seq++, 0, 0, 0});
            if (busy < 4) {
                busy++; started++;
                events.push({event.time + service.exponential(1), seq++, 1, 0, 0});
            } else {
                waiting.push_back(event.time);
            }
        } else if (waiting.empty()) {
            busy--;
        } else {
            total_wait += event.time - waiting.front();
            waiting.pop_front();
            started++;
            events.push({event.time + service.exponential(1), seq++, 1, 0, 0});
        }
    }
    return total_wait / started;
}

// The same with a timeout of 4 that takes the attempt away, and up to 3 retries after
// 1, 2, 4 x U(0.5, 1): the mean response of successes should be about 1.75.
struct Request { double first; uint32_t generation; uint8_t attempts; uint8_t state; };

static double retries(uint64_t seed, long requests) {
    Xoshiro256pp arrivals(seed), service(seed + 1), backoff(seed + 2);
    std::priority_queue<Event> events;
    std::deque<std::pair<uint32_t, uint32_t>> waiting;
    std::vector<Request> slots;
    std::vector<uint32_t> free_slots;
    uint64_t seq = 0;
    int busy = 0;
    double total = 0;
    long finished = 0, ok = 0;
    enum { ARRIVAL, DONE, TIMEOUT, RETRY };
    auto start = [&](uint32_t r, double now) {
        busy++;
        slots[r].state = 1;
        events.push({now + service.exponential(1), seq++, DONE, r, slots[r].generation});
    };
    auto next = [&](double now) {
        while (!waiting.empty()) {
            auto [r, generation] = waiting.front();
            waiting.pop_front();
            if (slots[r].generation == generation) { start(r, now); return; }
        }
    };
    auto attempt = [&](uint32_t r, double now) {
        Request& request = slots[r];
        request.generation++; request.attempts++; request.state = 0;
        events.push({now + 4.0, seq++, TIMEOUT, r, request.generation});
        if (busy < 4) start(r, now); else waiting.emplace_back(r, request.generation);
    };
    events.push({arrivals.exponential(1 / 3.2), seq++, ARRIVAL, 0, 0});
    while (finished < requests) {
        Event event = events.top();
        events.pop();
        if (event.kind == ARRIVAL) {
            events.push({event.time + arrivals.exponential(1 / 3.2), seq++, ARRIVAL, 0, 0});
            uint32_t r;
            if (free_slots.empty()) { r = slots.size(); slots.push_back({0, 0, 0, 0}); }
            else { r = free_slots.back(); free_slots.pop_back(); }
            slots[r].first = event.time; slots[r].attempts = 0;
            attempt(r, event.time);
            continue;
        }
        Request& request = slots[event.request];
        if (request.generation != event.generation) continue;
        if (event.kind == DONE) {
            busy--; request.generation++;
            total += event.time - request.first; ok++; finished++;
            free_slots.push_back(event.request);
            next(event.time);
        } else if (event.kind == TIMEOUT) {
            request.generation++;
            bool served = request.state == 1;
            if (served) busy--;
            if (request.attempts > 3) { finished++; free_slots.push_back(event.request); }
            else {
                double wait = (1 << (request.attempts - 1)) * (0.5 + 0.5 * backoff.unit());
                request.state = 2;
                events.push({event.time + wait, seq++, RETRY, event.request, request.generation});
            }
            if (served) next(event.time);
        } else {
            attempt(event.request, event.time);
        }
    }
    return total / ok;
}

int main(int argc, char** argv) {
    long requests = argc > 1 ? std::atol(argv[1]) : 1000000;
    double begin = cpu_seconds();
    double mean = mm4(1, requests);
    std::printf("mm4 %.2f %.5f\n", (cpu_seconds() - begin) * 1e9 / requests, mean);
    begin = cpu_seconds();
    mean = retries(1, requests);
    std::printf("retries %.2f %.5f\n", (cpu_seconds() - begin) * 1e9 / requests, mean);
}
