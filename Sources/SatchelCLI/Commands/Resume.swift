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
        try await pause(false, options) { report in
            switch (report.isChange, report.isWatched) {
            case (false, _): "not paused"
            case (true, true): "the watch goes on"
            case (true, false): "not paused any more; no watch runs now"
            }
        }
    }
}
