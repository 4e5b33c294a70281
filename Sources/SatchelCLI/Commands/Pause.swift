import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Make the watch of this workspace only gather changes.",
        discussion: """
            What is being sent arrives, and nothing more is begun until satchel resume. A watch that is started again \
            stays paused. satchel sync by hand works all the same.

            EXAMPLES
              satchel pause
              satchel pause -C ~/project --json
            """
    )

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await pause(true, options) { report in
            let since = report.since.map { " since \($0.formatted(.iso8601))" } ?? ""
            return switch (report.isChange, report.isWatched) {
            case (false, _): "paused already\(since); satchel resume goes on"
            case (true, true): "paused; changes are gathered until satchel resume"
            case (true, false): "paused: no watch runs now, and the next begins paused"
            }
        }
    }
}

/// Pauses the watch of a workspace, or lets it go on, and says so in these words.
func pause(
    _ isPaused: Bool,
    _ options: GlobalOptions,
    words: @escaping @Sendable (PauseReport) -> String
) async throws {
    try await runCommand(options) { output in
        let report = try await Workspace(options.context).setPaused(isPaused, patience: .seconds(30))
        output.document(PauseDocument(report))
        output.info(words(report))
        return .done
    }
}

/// The document of `pause` and `resume`.
private struct PauseDocument: Encodable {
    var ok = true
    var paused: Bool
    var since: Date?
    /// False when it was so already.
    var changed: Bool
    var watched: Bool

    init(_ report: PauseReport) {
        paused = report.since != nil
        since = report.since
        changed = report.isChange
        watched = report.isWatched
    }
}
