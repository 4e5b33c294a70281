@testable import SatchelKit
import Synchronization
import Testing

/// Times that are put off and brought forward; how long is left is what the test says.
@Suite struct AlarmTests {
    private final class Clock: Sendable {
        private let answers: Mutex<[Duration]>
        let asked = Mutex<[Int]>([])

        init(_ answers: Duration...) { self.answers = Mutex(answers) }

        func left(_ due: Int) -> Duration {
            asked.withLock { $0.append(due) }
            return answers.withLock { $0.isEmpty ? .zero : $0.removeFirst() }
        }
    }

    private func rings(_ clock: Clock, longestSleep: Duration = .seconds(3600)) -> (Alarm<Int>, AsyncStream<Void>) {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        return (Alarm(longestSleep: longestSleep, left: clock.left) { continuation.yield() }, stream)
    }

    @Test func anAlarmRingsWhenNothingIsLeft() async {
        let clock = Clock(.milliseconds(1), .milliseconds(1), .zero)
        let (alarm, stream) = rings(clock)
        alarm.set(7)
        var rung = stream.makeAsyncIterator()
        await rung.next()
        #expect(clock.asked.withLock { $0 } == [7, 7, 7])
    }

    @Test func anAlarmThatIsBroughtForwardDoesNotWaitForTheOldTime() async {
        let clock = Clock(.seconds(3600), .milliseconds(1), .zero)
        let (alarm, stream) = rings(clock)
        alarm.set(2)
        alarm.set(1)
        var rung = stream.makeAsyncIterator()
        await rung.next()
        #expect(clock.asked.withLock { $0 } == [2, 1, 1])
    }

    /// The sleep of the first time goes on, and finds that it was put off.
    @Test func anAlarmThatIsPutOffSleepsOnceMore() async {
        let clock = Clock(.milliseconds(300), .seconds(3600), .milliseconds(1), .zero)
        let (alarm, stream) = rings(clock)
        alarm.set(1)
        alarm.set(2)
        var rung = stream.makeAsyncIterator()
        await rung.next()
        #expect(clock.asked.withLock { $0 } == [1, 2, 2, 2])
    }

    @Test func whatIsLeftIsAskedAgainAfterTheLongestSleep() async {
        let clock = Clock(.seconds(3600), .seconds(3600), .zero)
        let (alarm, stream) = rings(clock, longestSleep: .milliseconds(1))
        alarm.set(1)
        var rung = stream.makeAsyncIterator()
        await rung.next()
        #expect(clock.asked.withLock { $0 } == [1, 1, 1])
    }

    @Test func anAlarmThatWasTakenBackRingsForTheNextTimeOnly() async {
        let clock = Clock(.milliseconds(1), .milliseconds(20))
        let (alarm, stream) = rings(clock)
        alarm.set(1)
        alarm.set(nil)
        alarm.set(3)
        var rung = stream.makeAsyncIterator()
        await rung.next()
        #expect(clock.asked.withLock { $0 }.last == 3)
    }
}
