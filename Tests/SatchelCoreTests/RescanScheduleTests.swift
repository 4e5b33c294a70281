import SatchelCore
import Testing

/// What happens at which second, and when the next look is planned then.
struct RescanCase: CustomTestStringConvertible, Sendable {
    enum Step: Sendable {
        case polling(at: Int)
        /// A look that ended at this second and took so many milliseconds.
        case looked(at: Int, took: Int, found: Bool)
    }

    var testDescription: String
    var regular = 1800
    var poll = 30
    var steps: [Step]
    /// After the beginning and after each step; nil is never.
    var next: [Int?]

    func run() -> [Int?] {
        let start = ContinuousClock.now
        var schedule = RescanSchedule(regular: .seconds(regular), poll: .seconds(poll), at: start)
        func planned() -> Int? { schedule.next.map { Int(($0 - start) / .seconds(1)) } }
        return [planned()]
            + steps.map { step in
                switch step {
                case .polling(let at): schedule.beginPolling(at: start + .seconds(at))
                case .looked(let at, let took, let found):
                    schedule.looked(took: .milliseconds(took), foundChanges: found, at: start + .seconds(at))
                }
                return planned()
            }
    }
}

private let cases: [RescanCase] = [
    RescanCase(
        testDescription: "a healthy watch looks at the regular interval, whatever it finds",
        steps: [.looked(at: 1800, took: 10, found: false), .looked(at: 3600, took: 10, found: true)],
        next: [1800, 3600, 5400]
    ),
    RescanCase(
        testDescription: "a look for another reason puts off the regular one",
        steps: [.looked(at: 1000, took: 10, found: true)],
        next: [1800, 2800]
    ),
    RescanCase(testDescription: "no interval is no look", regular: 0, steps: [], next: [nil]),
    RescanCase(
        testDescription: "a watch without a regular look still looks where events do not come",
        regular: 0,
        steps: [.polling(at: 5)],
        next: [nil, 35]
    ),
    RescanCase(
        testDescription: "looks that find nothing become rarer, up to eight times",
        steps: [
            .polling(at: 0), .looked(at: 30, took: 10, found: false), .looked(at: 90, took: 10, found: false),
            .looked(at: 210, took: 10, found: false), .looked(at: 450, took: 10, found: false),
        ],
        next: [1800, 30, 90, 210, 450, 690]
    ),
    RescanCase(
        testDescription: "a look that finds something is followed by the next as soon as at first",
        steps: [
            .polling(at: 0), .looked(at: 30, took: 10, found: false), .looked(at: 90, took: 10, found: true),
        ],
        next: [1800, 30, 90, 120]
    ),
    RescanCase(
        testDescription: "looking takes a twentieth of the time at most",
        steps: [
            .polling(at: 0), .looked(at: 30, took: 6000, found: true), .looked(at: 150, took: 120_000, found: true),
        ],
        next: [1800, 30, 150, 2550]
    ),
    RescanCase(
        testDescription: "the regular look goes on beside rare ones",
        regular: 60,
        steps: [.polling(at: 0), .looked(at: 30, took: 10, found: false), .looked(at: 90, took: 10, found: false)],
        next: [60, 30, 90, 150]
    ),
]

@Suite struct RescanScheduleTests {
    @Test(arguments: cases)
    func theNextLookIsPlanned(_ example: RescanCase) {
        #expect(example.run() == example.next)
    }
}

/// A file's size in MiB, the seconds since it was written to, and the rest that it still needs, in milliseconds.
struct StabilityCase: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var mebibytes: Int64
    var age: Double
    var remaining: Int?
}

private let stabilityCases: [StabilityCase] = [
    StabilityCase(testDescription: "an empty file needs no rest", mebibytes: 0, age: 0, remaining: nil),
    StabilityCase(testDescription: "a large file that is just written to", mebibytes: 64, age: 0, remaining: 1024),
    StabilityCase(testDescription: "a large file after part of its rest", mebibytes: 64, age: 1, remaining: 24),
    StabilityCase(testDescription: "a large file that has rested", mebibytes: 64, age: 1.1, remaining: nil),
    StabilityCase(testDescription: "twice the size, twice the rest", mebibytes: 128, age: 1, remaining: 1048),
    StabilityCase(testDescription: "no file rests longer than ten seconds", mebibytes: 50_000, age: 4, remaining: 6000),
    StabilityCase(testDescription: "a file of the future is not waited for", mebibytes: 64, age: -5, remaining: nil),
]

@Suite struct StabilityPolicyTests {
    @Test(arguments: stabilityCases)
    func theLargerTheLonger(_ example: StabilityCase) {
        let now: Int64 = 1_800_000_000_000_000_000
        let remaining = StabilityPolicy().remaining(
            size: example.mebibytes << 20,
            modified: now - Int64(example.age * 1e9),
            now: now
        )
        #expect(remaining.map { Int($0 / .milliseconds(1)) } == example.remaining)
    }

    @Test func whatPeopleTypeNeedsNoRest() {
        #expect(StabilityPolicy().rest(size: 64 << 10) <= .milliseconds(1))
        #expect(StabilityPolicy().remaining(size: 1 << 40, modified: .min, now: .max) == nil)
    }
}
