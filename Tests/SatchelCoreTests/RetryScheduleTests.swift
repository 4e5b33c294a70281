import SatchelCore
import Testing

/// When what failed is tried again, as a table of moments in seconds.
@Suite struct RetryScheduleTests {
    private let start = ContinuousClock.now

    private func seconds(_ schedule: RetrySchedule) -> Double? {
        schedule.next.map { ($0 - start) / .seconds(1) }
    }

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func eachTryThatFailsDoublesTheWaitUpToFiveMinutes() {
        var schedule = RetrySchedule()
        var now = 0.0
        var waits: [Double] = []
        for _ in 0..<9 {
            schedule.noteFailure(at: at(now))
            let next = seconds(schedule) ?? -1
            waits.append((next - now).rounded())
            now = next
            schedule.begin()
            #expect(schedule.next == nil)
        }
        #expect(waits == [5, 10, 20, 40, 80, 160, 300, 300, 300])
    }

    @Test func whatFailsBetweenTriesDoesNotPutThemOff() {
        var schedule = RetrySchedule()
        for second in 0..<5 { schedule.noteFailure(at: at(Double(second))) }
        #expect(seconds(schedule) == 5)
        schedule.begin()
        schedule.noteFailure(at: at(5))
        #expect(seconds(schedule) == 15)
    }

    @Test func hopeBringsTheNextTryForwardAndBeginsTheWaitsAnew() {
        var schedule = RetrySchedule()
        for moment in [0.0, 5, 15] {
            schedule.begin()
            schedule.noteFailure(at: at(moment))
        }
        #expect(seconds(schedule) == 35)
        schedule.noteHope(at: at(16))
        #expect(seconds(schedule) == 16)
        schedule.begin()
        schedule.noteFailure(at: at(16))
        #expect(seconds(schedule) == 21)
    }

    @Test func hopeThatWasInVainCountsAgainAfterTheNextTry() {
        var schedule = RetrySchedule()
        schedule.noteFailure(at: at(0))
        schedule.noteHope(at: at(1))
        schedule.begin()
        schedule.noteFailure(at: at(1))
        for second in [2.0, 3, 4] { schedule.noteHope(at: at(second)) }
        #expect(seconds(schedule) == 6, "a file that is refused for ever is not tried with each other one")
        schedule.begin()
        schedule.noteFailure(at: at(6))
        schedule.noteHope(at: at(7))
        #expect(seconds(schedule) == 7)
    }

    @Test func whereNothingFailedThereIsNothingToTry() {
        var schedule = RetrySchedule()
        schedule.noteHope(at: at(1))
        #expect(schedule.next == nil)
        schedule.noteFailure(at: at(2))
        schedule.noteSuccess()
        #expect(schedule == RetrySchedule())
    }
}
