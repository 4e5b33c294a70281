import Glibc
import SatchelCore
import SatchelKit
import Synchronization

/// One line on a terminal's standard error that says how far a sync is: files, bytes, rate, time left, and what it
/// waits for.
///
/// Redrawn at most ten times a second; gone when the work is done.
final class ProgressLine: Sendable {
    private struct State {
        var total = 0
        var totalBytes: Int64 = 0
        var done = 0
        var doneBytes: Int64 = 0
        var started = ContinuousClock.now
        var lastDrawn: ContinuousClock.Instant?
        var isShown = false
        /// Until when it was said, where there is no line to draw, that nothing happens.
        var toldUntil: ContinuousClock.Instant?
    }

    private let output: Output
    private let state = Mutex(State())

    init(_ output: Output) { self.output = output }

    func note(_ event: SyncEvent) {
        guard output.progress else { return tellLongWait(event) }
        state.withLock { state in
            switch event {
            case .scanning:
                break
            case .hashed(let files):
                draw("reading changed files: \(files)", in: &state)
            case .planned(let uploads, let bytes):
                state.total += uploads
                state.totalBytes += bytes
                state.started = .now
            case .done(let entry):
                guard let size = entry.size else { return }
                state.done += 1
                state.doneBytes += size
                draw(text(of: state), in: &state)
            case .failed:
                // What was in trouble before the plan stood is no part of it.
                state.done = min(state.done + 1, state.total)
            case .waiting(let seconds, let reason):
                state.lastDrawn = nil
                draw(waitingText(seconds, reason), in: &state)
            }
        }
    }

    /// Without a terminal a wait of some length is told once, not by each of those that wait: a log that just ends for two
    /// minutes looks like a program that hangs.
    private func tellLongWait(_ event: SyncEvent) {
        guard !output.events, case .waiting(let seconds, let reason) = event, seconds >= Output.longWait else { return }
        let isNews = state.withLock { state in
            let now = ContinuousClock.now
            if let told = state.toldUntil, now < told { return false }
            state.toldUntil = now + .seconds(seconds)
            return true
        }
        if isNews { output.note(wait: seconds, for: reason) }
    }

    func note(indexed done: Int, of total: Int) {
        guard output.progress else { return }
        state.withLock { draw("reading files to choose from: \(done) of \(total)", in: &$0) }
    }

    /// Takes the line away, so that other output begins on a clean one.
    func clear() {
        state.withLock { state in
            guard state.isShown else { return }
            output.write("\r\u{1b}[K", to: STDERR_FILENO)
            state.isShown = false
            state.lastDrawn = nil
        }
    }

    private func draw(_ text: String, in state: inout State) {
        let now = ContinuousClock.now
        if let last = state.lastDrawn, now - last < .milliseconds(100) { return }
        state.lastDrawn = now
        state.isShown = true
        output.write("\r\u{1b}[K\(text.prefix(width - 1))", to: STDERR_FILENO)
    }

    private func text(of state: State) -> String {
        var text = "\(state.done)/\(state.total) files, \(ByteCount(state.doneBytes)) of \(ByteCount(state.totalBytes))"
        let elapsed = state.started.duration(to: .now)
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        guard seconds > 0.5, state.doneBytes > 0 else { return text }
        let rate = Double(state.doneBytes) / seconds
        text += ", \(ByteCount(Int64(rate)))/s"
        let left = Double(state.totalBytes - state.doneBytes) / rate
        if left >= 1 { text += ", \(spelledDuration(Int64(left.rounded(.up)))) left" }
        return text
    }

    private var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 10 else { return 80 }
        return Int(size.ws_col)
    }
}

extension Output {
    /// Seconds from which on a person wants to know; shorter ones are over before they are read.
    static let longWait = 2.0

    /// Says what nothing happens for, unless that is over soon.
    func note(wait seconds: Double, for reason: String) {
        if seconds >= Self.longWait { note(waitingText(seconds, reason)) }
    }
}

/// `waiting until 12:03:10 for: rate limit of 500 requests a minute`, in the local time of whoever reads it.
func waitingText(_ seconds: Double, _ reason: String) -> String {
    var instant = time(nil) + Int(seconds.rounded(.up))
    var local = tm()
    guard localtime_r(&instant, &local) != nil else { return "waiting for \(reason)" }
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "waiting until \(two(local.tm_hour)):\(two(local.tm_min)):\(two(local.tm_sec)) for: \(reason)"
}
