import ArgumentParser
import Glibc
import SatchelCore
import SatchelKit

/// The documented exit codes.
enum ExitStatus: Int32, Sendable {
    case done = 0
    case someFailed = 1
    case couldNotStart = 2
    case notInStep = 3
    case stoppedForSafety = 4
    case providerRefused = 5
    case gaveUpWaiting = 6
    /// The same as for options and arguments that the parser refuses.
    case usage = 64
    case interrupted = 130

    var exitCode: ExitCode { ExitCode(rawValue) }
}

/// What a command ended with, as text, JSON and exit code tell it.
struct CommandFailure: Error {
    var code: String
    var message: String
    var isRetryable: Bool
    var status: ExitStatus

    /// The half after `; `, which says what to do; of several mistakes none, each has its own.
    var hint: String? {
        message.contains("\n") ? nil : message.firstRange(of: "; ").map { String(message[$0.upperBound...]) }
    }

    init(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case is CancellationError:
            self.init("interrupted", "interrupted; everything done so far is recorded", true, .interrupted)
        case let error as ProviderError:
            if error.kind == .cancelled {
                self.init("interrupted", "interrupted; everything done so far is recorded", true, .interrupted)
            } else {
                self.init(error.code, "\(error)", error.isRetryable, ExitStatus(error))
            }
        case let error as WorkspaceError:
            let status: ExitStatus =
                switch error.kind {
                case .cannotStart: .couldNotStart
                case .usage: .usage
                case .stoppedForSafety: .stoppedForSafety
                case .providerRefused: .providerRefused
                case .gaveUpWaiting: .gaveUpWaiting
                }
            self.init("\(error.kind)".snakeCased, error.description, false, status)
        default:
            self.init("could_not_start", "\(error)", false, .couldNotStart)
        }
    }

    static let outputCode = "output"

    /// Standard output takes no more, for the cause that `errno` named.
    init(output errno: Int32) {
        let reason = String(cString: strerror(errno)).lowercased()
        self.init(Self.outputCode, "standard output: cannot be written: \(reason)", false, .someFailed)
    }

    init(_ code: String, _ message: String, _ isRetryable: Bool, _ status: ExitStatus) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable
        self.status = status
    }
}

extension ExitStatus {
    init(_ error: ProviderError) {
        switch error.kind {
        case .rateLimited, .temporary, .unreachable, .answerLost: self = .gaveUpWaiting
        case .unauthorised, .forbidden, .quota, .gone, .rejected, .tooLarge, .unsupported, .badReply:
            self = .providerRefused
        case .budget: self = .stoppedForSafety
        case .changed, .source: self = .someFailed
        case .cancelled: self = .interrupted
        }
    }

    /// How a sync ended.
    init(_ report: SyncReport) {
        if let error = report.accountError {
            self = ExitStatus(error)
        } else if report.stopText != nil || !report.blocked.isEmpty {
            self = .stoppedForSafety
        } else if report.failures.isEmpty {
            self = .done
        } else {
            // Scripts may then simply run it again later; one file with trouble of its own needs a person.
            self = report.failures.allSatisfy(\.isGivenUp) ? .gaveUpWaiting : .someFailed
        }
    }
}

extension String {
    fileprivate var snakeCased: String {
        reduce(into: "") { result, character in
            if character.isUppercase, !result.isEmpty { result += "_" }
            result += character.lowercased()
        }
    }
}
