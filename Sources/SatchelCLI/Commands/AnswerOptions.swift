import ArgumentParser
import FoundationEssentials
import Glibc
import SatchelCore
import SatchelKit

/// What a question may ask for besides its words.
struct AnswerOptions: ParsableArguments {
    @Flag(help: "Say what the question would take, in files, tokens and money, and ask nothing.")
    var estimate = false

    @Option(
        name: .customLong("max-cost"),
        help: ArgumentHelp("What the answer may cost, such as 0.05; more is not asked, or cut.", valueName: "dollars")
    )
    var maxCost: String?

    @Option(help: ArgumentHelp("A JSON schema that the answer has to follow.", valueName: "file"))
    var schema: String?

    @Option(
        name: .customShort("o"),
        help: ArgumentHelp("Add key=value to the request: -o reasoning.effort=low. Repeatable.", valueName: "key=value")
    )
    var settings: [String] = []

    @Option(
        help: ArgumentHelp(
            "Put the prompt into templates/<name>.md of .satchel or of your configuration, at $input, $1, $2 …",
            valueName: "name"
        )
    )
    var template: String?

    @Flag(help: "Look up what the answer quotes in the files that it was shown; exit code 1 if it is not there.")
    var verify = false

    @Flag(help: "Put the question down as a job for satchel jobs run or a watch, and return at once.")
    var detach = false

    func validate() throws {
        if detach, estimate { throw ValidationError("--detach and --estimate exclude each other") }
        if let maxCost, Dollars(maxCost) == nil {
            throw ValidationError("--max-cost takes dollars such as 0.05")
        }
        for setting in settings where setting.prefix(while: { $0 != "=" }).isEmpty || !setting.contains("=") {
            throw ValidationError("-o takes key=value, such as -o temperature=0.2")
        }
        if settings.contains(where: { $0.hasPrefix("model=") }) {
            throw ValidationError("-o model: what is asked is priced and kept by its name; use -m")
        }
        if let template, template.isEmpty || template.hasPrefix(".") || template.contains("/") {
            throw ValidationError("--template takes the name of a template, without a folder")
        }
    }

    /// Whether a long text of a pipe cannot go along as a file of its own.
    var needsWords: Bool { template != nil || estimate || detach }

    /// What goes with the question.
    ///
    /// - Throws: ``WorkspaceError`` when the schema cannot be read or is no JSON.
    func wishes(in folder: String) throws -> ChatWishes {
        var wishes = ChatWishes()
        wishes.maxCost = maxCost.flatMap { Dollars($0) }
        wishes.verifiesQuotes = verify
        wishes.options = requestOptions(settings)
        if let schema {
            let path = schema.hasPrefix("/") ? schema : "\(folder)/\(schema)"
            guard let bytes = FileManager.default.contents(atPath: path) else {
                throw WorkspaceError(.cannotStart, "--schema \(printable(schema)): cannot be read; check the name")
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard isJSON(text), text.trimmingSpaces.hasPrefix("{") else {
                throw WorkspaceError(
                    .cannotStart,
                    "--schema \(printable(schema)): no JSON object; it takes a JSON schema"
                )
            }
            wishes.schema = text.trimmingSpaces
        }
        return wishes
    }

    /// The prompt, in its template where there is one.
    func filled(_ words: [String], input: String, root: String, environment: [String: String]) throws -> String {
        guard let template else { return input }
        let folders = ["\(root)/.satchel", userConfigurationFolder(environment)].compactMap(\.self)
        let candidates = folders.map { "\($0)/templates/\(template).md" }
        guard let bytes = candidates.lazy.compactMap({ FileManager.default.contents(atPath: $0) }).first else {
            let places = candidates.map { printable($0) }.joined(separator: " or ")
            throw WorkspaceError(.cannotStart, "--template \(printable(template)): there is none; write \(places)")
        }
        return fill(String(decoding: bytes, as: UTF8.self).trimmingSpaces, words: words, input: input)
    }

    private func userConfigurationFolder(_ environment: [String: String]) -> String? {
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") { return "\(base)/satchel" }
        return environment["HOME"].map { "\($0)/.config/satchel" }
    }
}

/// Members of a request's body from `key=value`: JSON where the value is JSON, else the value as a text.
func requestOptions(_ settings: [String]) -> [String: String] {
    func quoted(_ text: String) -> String {
        (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
    var options: [String: String] = [:]
    for setting in settings {
        let key = setting.prefix { $0 != "=" }
        let value = String(setting.dropFirst(key.count + 1))
        options[String(key)] = isJSON(value) ? value : quoted(value)
    }
    return options
}

/// A template with the words of the command line at `$1` … `$9` and all of the input at `$input`; `$$` is a dollar.
///
/// What it does not ask for goes behind it.
func fill(_ template: String, words: [String], input: String) -> String {
    var result = ""
    var hasPlace = false
    var rest = template[...]
    while let dollar = rest.firstIndex(of: "$") {
        result += rest[..<dollar]
        rest = rest[rest.index(after: dollar)...]
        if rest.hasPrefix("input") {
            result += input
            rest = rest.dropFirst("input".count)
            hasPlace = true
        } else if let digit = rest.first, let number = digit.wholeNumberValue, number > 0 {
            result += words.indices.contains(number - 1) ? words[number - 1] : ""
            rest = rest.dropFirst()
            hasPlace = true
        } else if rest.first == "$" {
            result += "$"
            rest = rest.dropFirst()
        } else {
            result += "$"
        }
    }
    result += rest
    return hasPlace || input.isEmpty ? result : "\(result)\n\n\(input)"
}
