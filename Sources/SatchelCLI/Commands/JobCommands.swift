import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Questions that were put down for later: list, ask, cancel, try again.",
        discussion: """
            A watch does them too. A job whose process dies is done again by the next one; what fails for a passing \
            reason is tried again, later and later. After five times it has failed.

            EXAMPLES
              satchel chat --detach "summarise @notes.md"
              satchel jobs run
              satchel jobs ls
              satchel jobs retry 3
            """,
        subcommands: [JobsLs.self, JobsShow.self, JobsRun.self, JobsCancel.self, JobsRetry.self],
        defaultSubcommand: JobsLs.self
    )
}

/// The document of one job.
struct JSONJob: Encodable {
    var job: Int64
    var kind, state: String
    var attempts: Int
    var thread, message: Int64?
    var error: String?
    var createdAt: Date
    var runAfter, finishedAt: Date?

    init(_ job: Job) {
        self.job = job.id
        (kind, state, attempts) = (job.kind, job.state.rawValue, job.attempts)
        (thread, message, error) = (job.thread, job.message, job.error)
        (createdAt, finishedAt) = (job.createdAt, job.finishedAt)
        runAfter = job.state == .queued ? job.runAfter : nil
    }
}

/// A job in one line.
private func line(of job: Job, now: Date) -> String {
    var words = ["\(job.id)", job.state.rawValue, job.thread.map { "thread \($0)" } ?? "-"]
    if job.attempts > 0 { words.append("\(job.attempts) begun") }
    if job.state == .queued, job.runAfter > now {
        words.append("again in \(spelledDuration(Int64(job.runAfter.timeIntervalSince(now).rounded(.up))))")
    }
    if let error = job.error, job.state != .done { words.append(printable(error)) }
    return words.joined(separator: "\t")
}

struct JobsLs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List jobs, the latest first.",
        discussion: """
            EXAMPLES
              satchel jobs ls
              satchel jobs ls --open --json
            """
    )

    @Flag(help: "Only those that are queued or running.")
    var open = false

    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit = 30

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit takes a number from 1 to 1000") }
    }

    struct Document: Encodable {
        var ok = true
        var jobs: [JSONJob]
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            let jobs = try await workspace.jobs(openOnly: command.open, limit: command.limit)
            output.document(Document(jobs: jobs.map(JSONJob.init)))
            for job in jobs { output.line(line(of: job, now: workspace.context.now())) }
            if jobs.isEmpty { output.note("no jobs; satchel chat --detach puts one down") }
            return .done
        }
    }
}

struct JobsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one job.",
        discussion: """
            EXAMPLES
              satchel jobs show 3
            """
    )

    @Argument(help: "The job's number.")
    var job: Int64

    @OptionGroup var options: GlobalOptions

    struct Document: Encodable {
        var ok = true
        var job: JSONJob
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            let job = try await workspace.job(command.job)
            output.document(Document(job: JSONJob(job)))
            output.line(line(of: job, now: workspace.context.now()))
            return .done
        }
    }
}

struct JobsRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Do the jobs that are due, until none is.",
        discussion: """
            Ctrl-C puts the running one back. Exit code 1 when one of them was not done.

            EXAMPLES
              satchel jobs run
            """
    )

    @OptionGroup var options: GlobalOptions

    struct Document: Encodable {
        var ok: Bool
        var done, failed: Int
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            let count = try await workspace.runJobs { progress in
                switch progress {
                case .began(let job): if output.verbose { output.note("job \(job.id): begun") }
                case .ended(let job): output.info(line(of: job, now: workspace.context.now()))
                case .notice(let text): output.note(text)
                }
            }
            output.document(Document(ok: count.failed == 0, done: count.done, failed: count.failed))
            if count == (0, 0) { output.note("no job is due") }
            return count.failed == 0 ? .done : .someFailed
        }
    }
}

struct JobsCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel jobs, also running ones.",
        discussion: """
            EXAMPLES
              satchel jobs cancel 3 4
            """
    )

    @Argument(help: "Numbers of jobs.")
    var jobs: [Int64]

    @OptionGroup var options: GlobalOptions

    func run() async throws { try await change(jobs, options) { try await $0.cancelJob($1) } }
}

struct JobsRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Put jobs back that failed or were cancelled.",
        discussion: """
            EXAMPLES
              satchel jobs retry 3 && satchel jobs run
            """
    )

    @Argument(help: "Numbers of jobs.")
    var jobs: [Int64]

    @OptionGroup var options: GlobalOptions

    func run() async throws { try await change(jobs, options) { try await $0.retryJob($1) } }
}

/// Does the same to some jobs, one after the other.
private func change(
    _ jobs: [Int64],
    _ options: GlobalOptions,
    by work: @escaping @Sendable (Workspace, Int64) async throws -> Void
) async throws {
    try await runCommand(options) { output in
        let workspace = try Workspace(options.context)
        for job in jobs { try await work(workspace, job) }
        output.document(JSONChangedJobs(jobs: jobs))
        return .done
    }
}

/// The document of `jobs cancel` and `jobs retry`.
private struct JSONChangedJobs: Encodable {
    var ok = true
    var jobs: [Int64]
}

struct Wait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait for a job, and print its answer.",
        discussion: """
            Exit code 1 when it failed or was cancelled, or --verify did not find a quotation, 6 when the time was over first.

            EXAMPLES
              satchel wait 3
              satchel wait 3 --timeout 10m --json
            """
    )

    @Argument(help: "The job's number.")
    var job: Int64

    @Option(help: ArgumentHelp("How long at most: 30s, 10m.", valueName: "time"))
    var timeout: String?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if let timeout, parseSeconds(timeout) == nil { throw ValidationError("--timeout takes a time such as 10m") }
    }

    struct Document: Encodable {
        var ok: Bool
        var job: JSONJob
        var answer: String?
        var citations: [JSONCitation]?
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            let limit = command.timeout.flatMap { parseSeconds($0) }.map { Duration.seconds($0) }
            let job = try await workspace.wait(for: command.job, upTo: limit) {
                output.note("nobody does jobs here now; run satchel jobs run, or a watch")
            }
            let answer: FollowedAnswer? =
                if job.state == .done, let message = job.message {
                    try await workspace.follow(message) { _ in }
                } else {
                    nil
                }
            let isDone = job.state == .done
            let isWrong = answer?.citations.misquotes ?? false
            output.document(
                Document(
                    ok: isDone && !isWrong,
                    job: JSONJob(job),
                    answer: answer?.text,
                    citations: answer.flatMap { JSONCitation.all($0.citations) }
                )
            )
            if let answer {
                let printer = AnswerPrinter(output)
                printer.add(answer.text)
                printer.end()
                if !answer.text.hasSuffix("\n") { output.raw("\n") }
                output.ending(answer.finishReason)
                output.citations(answer.citations, in: workspace.root)
            }
            if !isDone {
                output.note("job \(job.id): \(job.state.rawValue)\(job.error.map { ": \(printable($0))" } ?? "")")
            }
            return isDone && !isWrong ? .done : .someFailed
        }
    }
}
