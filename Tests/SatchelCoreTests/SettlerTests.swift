import SatchelCore
import Testing

/// Events at their times in milliseconds, and the batches that must come of them.
struct SettlerCase: CustomTestStringConvertible, Sendable {
    struct Batch: Equatable, CustomStringConvertible {
        var at: Int
        /// Nil is everything.
        var paths: [String]?

        init(_ at: Int, _ paths: [String]?) {
            self.at = at
            self.paths = paths
        }

        var description: String { "\(at) ms: \(paths.map { "\($0)" } ?? "everything")" }
    }

    var testDescription: String
    var events: [(at: Int, event: WatchEvent)]
    var batches: [Batch]

    init(_ description: String, _ events: [(Int, WatchEvent)], gives batches: [Batch]) {
        testDescription = description
        self.events = events
        self.batches = batches
    }

    /// Quiet 250 ms, at most 3 s, removals 1 s, back-off up to 30 s, 4 children, 10 paths.
    var policy: SettlePolicy {
        var policy = SettlePolicy()
        policy.folderLimit = 4
        policy.totalLimit = 10
        return policy
    }

    /// What a caller sees that asks at every deadline and at no other time.
    func run() -> [Batch] {
        let start = ContinuousClock.now
        var settler = Settler(policy)
        var given: [Batch] = []
        func give(until end: Int) {
            while let deadline = settler.nextDeadline, deadline <= start + .milliseconds(end) {
                guard let scope = settler.due(at: deadline) else {
                    Issue.record("nothing was due at the deadline")
                    return
                }
                given.append(Batch(Int((deadline - start) / .milliseconds(1)), names(scope)))
            }
        }
        for (at, event) in events {
            give(until: at)
            settler.note(event, at: start + .milliseconds(at))
        }
        give(until: 1_000_000)
        #expect(settler.isEmpty)
        return given
    }
}

private func names(_ scope: Scope) -> [String]? {
    guard case .paths(let paths) = scope else { return nil }
    return paths.map(\.description)
}

private func path(_ text: String) -> WorkspacePath { WorkspacePath(unchecked: Array(text.utf8)) }
private func created(_ text: String) -> WatchEvent { .created(path(text)) }
private func changed(_ text: String) -> WatchEvent { .changed(path(text)) }
private func removed(_ text: String) -> WatchEvent { .removed(path(text)) }
private func subtree(_ text: String) -> WatchEvent { .subtree(path(text)) }

private func every(_ interval: Int, from: Int = 0, to end: Int, _ event: WatchEvent) -> [(Int, WatchEvent)] {
    stride(from: from, through: end, by: interval).map { ($0, event) }
}

private let cases: [SettlerCase] = [
    SettlerCase("nothing gives nothing", [], gives: []),
    SettlerCase("a path is given after its quiet time", [(0, changed("a"))], gives: [.init(250, ["a"])]),
    SettlerCase(
        "each event starts the quiet time again",
        [(0, created("a")), (200, changed("a")), (400, changed("a"))],
        gives: [.init(650, ["a"])]
    ),
    SettlerCase(
        "each path has its own quiet time",
        [(0, changed("a")), (100, changed("b")), (300, changed("b"))],
        gives: [.init(250, ["a"]), .init(550, ["b"])]
    ),
    SettlerCase(
        "a path that never rests is given after the longest wait, and then more and more rarely",
        every(100, to: 60_000, changed("log")),
        gives: [
            .init(3000, ["log"]), .init(9000, ["log"]), .init(21_000, ["log"]), .init(45_000, ["log"]),
            .init(64_000, ["log"]),
        ]
    ),
    SettlerCase(
        "a path that changes again soon waits twice as long each time",
        [(0, changed("a")), (1000, changed("a")), (2500, changed("a")), (5000, changed("a"))],
        gives: [.init(250, ["a"]), .init(1500, ["a"]), .init(3500, ["a"]), .init(7000, ["a"])]
    ),
    SettlerCase(
        "a path that rested is as fast as before",
        [(0, changed("a")), (1000, changed("a")), (10_000, changed("a"))],
        gives: [.init(250, ["a"]), .init(1500, ["a"]), .init(10_250, ["a"])]
    ),
    SettlerCase("a removal is held", [(0, removed("a"))], gives: [.init(1000, ["a"])]),
    SettlerCase(
        "what is removed together is given together",
        [(0, removed("a")), (300, removed("b/c")), (600, removed("d")), (700, changed("e"))],
        gives: [.init(950, ["e"]), .init(1600, ["a", "b/c", "d"])]
    ),
    SettlerCase(
        "a removal does not wait for others for ever",
        [(0, removed("a"))] + every(500, from: 500, to: 6000, removed("b")),
        gives: [.init(4000, ["a"]), .init(7000, ["b"])]
    ),
    SettlerCase(
        "what is removed and created again was only changed",
        [(0, removed("a")), (300, created("a")), (310, changed("a"))],
        gives: [.init(560, ["a"])]
    ),
    SettlerCase(
        "a removal is held in full, even after the longest wait",
        every(100, to: 2900, changed("a")) + [(2950, removed("a"))],
        gives: [.init(3950, ["a"])]
    ),
    SettlerCase(
        "an atomic save is one batch: nobody knew the temporary file",
        [(0, created(".a.tmp")), (5, changed(".a.tmp")), (10, removed(".a.tmp")), (10, changed("a"))],
        gives: [.init(260, [".a.tmp", "a"])]
    ),
    SettlerCase(
        "a save through a backup is one batch",
        [
            (0, removed("a")), (0, changed("a~")), (2, created("a")), (3, changed("a")), (4, removed("a~")),
        ],
        gives: [.init(253, ["a"]), .init(1004, ["a~"])]
    ),
    SettlerCase(
        "a rename gives the new name first",
        [(0, removed("old")), (0, changed("new"))],
        gives: [.init(250, ["new"]), .init(1000, ["old"])]
    ),
    SettlerCase(
        "a dirty folder stands for what is dirty below it, before and after",
        [(0, changed("a/x")), (100, subtree("a")), (200, changed("a/b/y")), (210, changed("ab"))],
        gives: [.init(450, ["a"]), .init(460, ["ab"])]
    ),
    SettlerCase(
        "a removed folder takes its children along",
        [(0, removed("a/x")), (1, removed("a/y")), (2, removed("a"))],
        gives: [.init(1002, ["a"])]
    ),
    SettlerCase(
        "a folder that is back keeps the hold for what was in it",
        [(0, removed("a/x")), (1, removed("a")), (100, subtree("a")), (150, created("a/x"))],
        gives: [.init(1001, ["a"])]
    ),
    SettlerCase(
        "a folder in which something is always removed is given some time",
        [(0, subtree("a"))] + every(100, to: 6000, removed("a/x")),
        gives: [.init(4000, ["a"]), .init(7000, ["a/x"])]
    ),
    SettlerCase(
        "many children are their folder",
        (0..<5).map { ($0, changed("a/\($0)")) } + [(100, changed("a/9"))],
        gives: [.init(350, ["a"])]
    ),
    SettlerCase(
        "as many children as allowed are themselves",
        (0..<4).map { (0, changed("a/\($0)")) },
        gives: [.init(250, ["a/0", "a/1", "a/2", "a/3"])]
    ),
    SettlerCase(
        "a folder of many removals is held like one",
        (0..<5).map { (0, removed("a/\($0)")) },
        gives: [.init(1000, ["a"])]
    ),
    SettlerCase(
        "many folders of one folder are that folder",
        (0..<5).flatMap { folder in (0..<5).map { (0, changed("a/\(folder)/\($0)")) } },
        gives: [.init(250, ["a"])]
    ),
    SettlerCase(
        "too many paths are everything",
        (0..<11).map { ($0, changed("\($0)/x")) } + [(50, changed("z"))],
        gives: [.init(300, nil)]
    ),
    SettlerCase(
        "many names in the root are everything",
        (0..<5).map { (0, changed("\($0)")) },
        gives: [.init(250, nil)]
    ),
    SettlerCase(
        "everything swallows the rest",
        [(0, changed("a")), (10, .everything), (20, removed("b")), (30, changed("c/d"))],
        gives: [.init(1020, nil)]
    ),
    SettlerCase(
        "everything again and again comes more and more rarely",
        [(0, .everything), (300, .everything), (1000, .everything)],
        gives: [.init(250, nil), .init(800, nil), .init(2000, nil)]
    ),
]

@Suite struct SettlerTests {
    @Test(arguments: cases)
    func eventsBecomeBatches(_ example: SettlerCase) {
        #expect(example.run() == example.batches)
    }

    @Test func flushingGivesWhatIsHeld() {
        var settler = Settler()
        settler.note(removed("a"), at: .now)
        settler.note(changed("b"), at: .now)
        #expect(settler.flush() == .paths([path("a"), path("b")]))
        #expect(settler.flush() == nil)
        #expect(settler.nextDeadline == nil)
    }

    @Test func nothingIsDueBeforeItsTime() {
        let start = ContinuousClock.now
        var settler = Settler()
        settler.note(changed("a"), at: start)
        #expect(settler.due(at: start + .milliseconds(249)) == nil)
        #expect(settler.due(at: start + .milliseconds(250)) == .paths([path("a")]))
    }

    @Test func immediateMeansAtOnce() {
        let now = ContinuousClock.now
        var settler = Settler(.immediate)
        for event in [removed("a"), changed("a"), subtree("b")] {
            settler.note(event, at: now)
            #expect(settler.due(at: now) != nil)
        }
    }

    /// Whatever comes in, each noted path is covered by a later batch, and no batch is larger than the limit.
    @Test(arguments: 1...20)
    func everyNotedPathIsGiven(seed: Int) {
        var random = Seeded(state: UInt64(seed))
        var policy = SettlePolicy()
        policy.folderLimit = 3
        policy.totalLimit = 10
        var settler = Settler(policy)
        var now = ContinuousClock.now
        var owed: Set<WorkspacePath> = []
        func take(_ scope: Scope?) {
            guard let scope else { return }
            if case .paths(let paths) = scope { #expect(paths.count <= policy.totalLimit) }
            owed = owed.filter { !scope.contains($0) }
        }
        for _ in 0..<2000 {
            now += .milliseconds(Int.random(in: 0...120, using: &random))
            let depth = Int.random(in: 1...4, using: &random)
            let place = (0..<depth).map { _ in "\(Int.random(in: 0...5, using: &random))" }.joined(separator: "/")
            switch Int.random(in: 0..<100, using: &random) {
            case 0: settler.note(.everything, at: now)
            case ..<10: settler.note(subtree(place), at: now)
            case ..<40: settler.note(removed(place), at: now)
            case ..<60: settler.note(created(place), at: now)
            default: settler.note(changed(place), at: now)
            }
            owed.insert(path(place))
            take(settler.due(at: now))
        }
        while let deadline = settler.nextDeadline { take(settler.due(at: deadline)) }
        #expect(owed.isEmpty)
    }
}

@Suite struct ScopeUnionTests {
    @Test func unionKeepsTheOuterFolder() {
        let one = Scope.paths([path("a"), path("b/c")])
        #expect(one.union(.paths([path("a/x"), path("b")]), limit: 10) == .paths([path("a"), path("b")]))
    }

    @Test func unionBeyondTheLimitIsEverything() {
        #expect(Scope.paths([path("a")]).union(.paths([path("b")]), limit: 1) == .everything)
        #expect(Scope.paths([path("a")]).union(.everything, limit: 9) == .everything)
    }
}

/// A generator that gives the same numbers for the same seed (SplitMix64).
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
