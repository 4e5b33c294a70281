import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

extension UsageKey: ExpressibleByArgument {}

struct Cost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cost",
        abstract: "What answers used up: tokens, and money where the price is known.",
        discussion: """
            What the provider says counts first, then your prices, then the published ones. An answer without any of \
            them is unpriced, and stays so. By file, each answer is shared out among the files that it was shown, by \
            their bytes. The notes of summarize are answers too.

            EXAMPLES
              satchel cost
              satchel cost --by model --since 30d
              satchel cost --by file
              satchel cost --by account --json
            """
    )

    @Option(help: ArgumentHelp("day, model, thread, file or account.", valueName: "key"))
    var by: UsageKey = .day

    @Option(help: ArgumentHelp("Only answers of the last so much time: 24h, 30d.", valueName: "time"))
    var since: String?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if let since, parseSeconds(since) == nil { throw ValidationError("--since takes a time such as 24h or 30d") }
    }

    struct Document: Encodable {
        struct Sum: Encodable {
            var key: String
            var answers: Int
            var usage: JSONUsage
            var cost: String?
            var unpriced: Int
        }

        var ok = true
        var by: String
        var sums: [Sum]
        var prices: Prices
    }

    /// The table that answers without a price of their provider's are priced by.
    struct Prices: Encodable {
        var date = PriceTable.date
        var source = PriceTable.source
    }

    func run() async throws {
        let command = self
        try await runCommand(options) { output in
            let workspace = try Workspace(command.options.context)
            let since = command.since.flatMap { parseSeconds($0) }.map {
                workspace.context.now().addingTimeInterval(-Double($0))
            }
            let sums = try await workspace.usage(by: command.by, since: since)
            output.document(
                Document(
                    by: command.by.rawValue,
                    sums: sums.map { sum in
                        Document.Sum(
                            key: sum.key,
                            answers: sum.answers,
                            usage: JSONUsage(sum.usage),
                            cost: sum.usage.cost?.description,
                            unpriced: sum.unpriced
                        )
                    },
                    prices: Prices()
                )
            )
            for sum in sums {
                let money = sum.usage.cost.map { "\($0)" } ?? "unpriced"
                let columns = [
                    printable(sum.key), "\(sum.answers) answers", "\(sum.usage.input) in (\(sum.usage.cached) cached)",
                    "\(sum.usage.output) out", money,
                    sum.unpriced > 0 && sum.usage.cost != nil ? "and \(sum.unpriced) unpriced" : "",
                ]
                output.line(columns.filter { !$0.isEmpty }.joined(separator: "\t"))
            }
            let unpriced = sums.reduce(0) { $0 + $1.unpriced }
            if unpriced > 0, command.by != .file {
                output.note("\(unpriced) unpriced: nobody says what they cost; see prices in the configuration")
            }
            if sums.isEmpty { output.note("no answers of a model yet") }
            return .done
        }
    }
}
