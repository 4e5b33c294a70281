import ArgumentParser
import SatchelCore
import SatchelKit

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let a paused watch go on.",
        discussion: """
            Everything is looked at, so nothing that changed meanwhile is missed.

            EXAMPLES
              satchel resume
              satchel resume -C ~/project --json
            """
    )

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let options = options
        try await runCommand(options) { output in
            let report = try await Workspace(options.context).setPaused(false, patience: .seconds(30))
            output.document(PauseDocument(report))
            switch (report.isChange, report.isWatched) {
            case (false, _): output.info("not paused")
            case (true, true): output.info("the watch goes on")
            case (true, false): output.info("not paused any more; no watch runs now")
            }
            return .done
        }
    }
}
