import Glibc
import SatchelTestSupport
import Testing

/// Random histories of files, faults, clocks and crashes, each compared with a simple oracle.
///
/// `SATCHEL_RUNS=5000` lives more of them, `SATCHEL_SEED=17` begins with that one, `SATCHEL_STEPS=9` cuts it short.
/// A failing history is cut to the fewest steps that still fail, and says how to see it again.
@Suite struct ModelHistoryTests {
    private static func wish(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }

    @Test func afterAnyHistoryTheAccountHoldsWhatTheDiskShows() async throws {
        let first = Self.wish("SATCHEL_SEED") ?? 1
        let count = Self.wish("SATCHEL_RUNS") ?? (Self.wish("SATCHEL_SEED") == nil ? 80 : 1)
        let steps = Self.wish("SATCHEL_STEPS")
        var syncs = 0
        var crashes = 0
        for seed in first..<first + count {
            let seed = UInt64(seed)
            do {
                let length = steps ?? 10 + Int(seed % 31)
                let lived = try await live(seed, steps: length)
                syncs += lived.syncs
                crashes += lived.crashes
            } catch {
                let found = steps == nil ? await shortest(seed, after: error) : error
                throw found
            }
        }
        if count > 1 { print("\(count) histories, \(syncs) disturbed syncs, \(crashes) crashes") }
        #expect(steps != nil || count < 20 || crashes > count / 4, "hardly anything crashed: \(crashes)")
    }

    private func live(_ seed: UInt64, steps: Int) async throws -> History {
        var history = try History(seed: seed)
        try await history.run(steps: steps)
        return history
    }

    /// The failure of the shortest beginning of that history that fails.
    private func shortest(_ seed: UInt64, after found: any Error) async -> any Error {
        for steps in 1..<41 {
            do { _ = try await live(seed, steps: steps) } catch { return error }
        }
        return found
    }
}
