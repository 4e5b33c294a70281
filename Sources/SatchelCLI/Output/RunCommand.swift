import ArgumentParser
import Dispatch
import Glibc
import SatchelKit

/// Runs a command's work so that the first Ctrl-C (or SIGTERM) cancels it cleanly and the second ends it at once, and
/// every error becomes a sentence, JSON where asked for, and its exit code.
///
/// `stopIsSuccess` is for commands that run until they are stopped; those that have something to finish then get to know
/// it by `stop`, and are cancelled when they take too long. With `events`, standard output tells what happens as
/// it happens.
func runCommand(
    _ options: GlobalOptions,
    stopIsSuccess: Bool = false,
    events: Bool = false,
    stop: StopRequest? = nil,
    _ work: @escaping @Sendable (Output) async throws -> ExitStatus
) async throws {
    var output = options.output
    output.events = events
    if events { output.progress = false }
    let chosen = output
    let task = Task { try await work(chosen) }
    let sources = [SIGINT, SIGTERM].map { number in
        let source = StopSignal(number, task: task, stop: stop)
        source.resume()
        return source
    }
    defer { for source in sources { source.cancel() } }
    do {
        let status = try await task.value
        if let lost = Output.lost { throw lost }
        if status != .done { throw status.exitCode }
    } catch let code as ExitCode {
        throw code
    } catch {
        let failure = CommandFailure(error)
        if stopIsSuccess, failure.status == .interrupted { return }
        output.fail(failure)
        throw failure.status.exitCode
    }
}

/// Cancels a task at the first signal and ends the process at the second.
private final class StopSignal {
    private let source: any DispatchSourceSignal

    init(_ number: Int32, task: Task<ExitStatus, any Error>, stop: StopRequest?) {
        signal(number, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        let count = SignalCount.shared
        source.setEventHandler {
            if number == SIGINT, AnswerStop.shared.stop() { return }
            if count.next() > 1 {
                RawTerminal.shared.leave()
                _exit(ExitStatus.interrupted.rawValue)
            }
            guard let stop, stop.request() else { return task.cancel() }
            DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(Int(StopRequest.grace.components.seconds))) {
                task.cancel()
            }
        }
    }

    func resume() { source.resume() }

    func cancel() { source.cancel() }
}
