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
        let options = options
        try await runCommand(options) { output in
            let report = try await Workspace(options.context).setPaused(true, patience: .seconds(30))
            output.document(PauseDocument(report))
            let since = report.since.map { " since \($0.formatted(.iso8601))" } ?? ""
            switch (report.isChange, report.isWatched) {
            case (false, _): output.info("paused already\(since); satchel resume goes on")
            case (true, true): output.info("paused; changes are gathered until satchel resume")
            case (true, false): output.info("paused: no watch runs now, and the next begins paused")
            }
            return .done
        }
    }
}

/// The document of `pause` and `resume`.
struct PauseDocument: Encodable {
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
