import FoundationEssentials
@testable import SatchelKit
import SatchelTestSupport
import Synchronization
import Testing

/// What is written down of a pause, and what the watch goes by, are the same, whoever asks at the same moment.
@Suite(.timeLimit(.minutes(2))) struct PauseSwitchTests {
    private struct Full: Error {}

    private final class Journal: Sendable {
        private let lines = Mutex<[Date?]>([])

        var all: [Date?] { lines.withLock(\.self) }

        func add(_ line: Date?) { lines.withLock { $0.append(line) } }
    }

    private let noon = Date(timeIntervalSince1970: 43_200)
    private let one = Date(timeIntervalSince1970: 46_800)

    @Test func aPauseAndAResumeAtOnceAreWrittenDownOneAfterTheOther() async throws {
        let gate = try TestGate()
        let (written, told) = (Journal(), Journal())
        let pause = PauseSwitch(since: nil) { since in
            if since != nil { try await gate.pass() }
            written.add(since)
        }
        let first = Task { [noon] in try await pause.set(paused: true, at: noon) { told.add($0) } }
        try await gate.arrivals(1)
        // It is asked while the pause is being written down.
        let second = Task { [one] in try await pause.set(paused: false, at: one) { told.add($0) } }
        #expect(pause.since == nil && written.all.isEmpty)
        gate.open()
        #expect(try await first.value == PauseSwitch.Change(since: noon, isChange: true))
        #expect(try await second.value == PauseSwitch.Change(since: nil, isChange: true))
        #expect(written.all == [noon, nil] && told.all == [noon, nil])
        #expect(!pause.isPaused)
    }

    @Test func whatCannotBeWrittenDownIsNotSo() async throws {
        let fails = Mutex(true)
        let pause = PauseSwitch(since: nil) { _ in if fails.withLock(\.self) { throw Full() } }
        await #expect(throws: Full.self) { try await pause.set(paused: true, at: noon) }
        #expect(!pause.isPaused)
        fails.withLock { $0 = false }
        #expect(try await pause.set(paused: true, at: one) == PauseSwitch.Change(since: one, isChange: true))
        #expect(try await pause.set(paused: true, at: noon) == PauseSwitch.Change(since: one, isChange: false))
        fails.withLock { $0 = true }
        await #expect(throws: Full.self) { try await pause.set(paused: false, at: noon) }
        #expect(pause.since == one)
    }
}
