import ArgumentParser
import SatchelCore
import SatchelKit

struct ThreadSearch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find messages of conversations by their words; as search --in threads.",
        discussion: """
            Every word must be there, and the last one may be the beginning of a word. The best come first.

            EXAMPLES
              satchel thread search spring tides
            """
    )

    @Argument(help: "The words.")
    var words: [String]

    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit = 20

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        var search = Search()
        search.words = words
        search.limit = limit
        search.place = .threads
        search.list = false
        search.context = 0
        search.options = options
        try search.validate()
        try await search.run()
    }
}

extension ChatRequest.Turn.Role: ExpressibleByArgument {}

extension MessageStatus: ExpressibleByArgument {}
