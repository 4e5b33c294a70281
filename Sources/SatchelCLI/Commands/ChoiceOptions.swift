import ArgumentParser
import SatchelCore
import SatchelKit

/// Which files a question shows besides those that it mentions.
struct ChoiceOptions: ParsableArguments {
    @Flag(help: "Also show files that are chosen by the words of the question.")
    var auto = false

    @Option(help: ArgumentHelp("Let --auto choose this many tokens at the most.", valueName: "n"))
    var autoTokens: Int?

    @Option(help: ArgumentHelp("Let --auto choose this many files at the most.", valueName: "n"))
    var autoFiles: Int?

    @Option(
        help: ArgumentHelp(
            "Let --auto choose files that cost this much as input at the most: 0.05.",
            valueName: "usd"
        )
    )
    var autoCost: String?

    @Flag(help: "Show files again that have changed since the thread was shown them.")
    var follow = false

    @Flag(help: "Keep to the versions that the thread was shown.")
    var pin = false

    func validate() throws {
        if follow, pin { throw ValidationError("--follow and --pin exclude each other") }
        if let autoTokens, autoTokens < 1 { throw ValidationError("--auto-tokens takes a number above 0") }
        if let autoFiles, autoFiles < 1 { throw ValidationError("--auto-files takes a number above 0") }
        if let autoCost, Dollars(autoCost) == nil {
            throw ValidationError("--auto-cost takes dollars such as 0.05")
        }
    }

    var versions: VersionRule? { follow ? .follow : pin ? .pin : nil }

    /// Nil without `--auto`; its limits are enough to ask for it.
    func budget(_ configured: AutoBudget) -> AutoBudget? {
        guard auto || autoTokens != nil || autoFiles != nil || autoCost != nil else { return nil }
        return AutoBudget(
            tokens: autoTokens ?? configured.tokens,
            files: autoFiles ?? configured.files,
            cost: autoCost.flatMap { Dollars($0) } ?? configured.cost
        )
    }
}
