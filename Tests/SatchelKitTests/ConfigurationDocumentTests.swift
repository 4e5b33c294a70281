import FoundationEssentials
import SatchelCore
import SatchelKit
import Testing

/// The template that `init` writes and the page of the documentation say what the code does.
struct ConfigurationDocumentTests {
    @Test func theTemplateSaysNothingUntilALineIsUncommented() throws {
        let result = try configuration(workspace: configurationTemplate(pins: ["/README.md"]))
        #expect(result.listing == (try configuration().listing))
    }

    @Test func theUncommentedTemplateSaysWhatTheDefaultsSay() throws {
        let template = configurationTemplate(pins: ["/README.md", "/odd \"name\"\\\u{7}.md"])
        let lines = template.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("#") && !line.hasPrefix("# ") ? line.dropFirst() : line
        }
        let result = try configuration(workspace: lines.joined(separator: "\n"))
        let explained: Set = ["default_account", "chat.account", "parallel_uploads", "pin"]
        let defaults = Dictionary(uniqueKeysWithValues: Configuration().listing.map { ($0.key, $0.value) })
        for row in result.listing where !row.key.hasPrefix("accounts.") && !explained.contains(row.key) {
            #expect(row.value == defaults[row.key], "\(row.key)")
        }
        #expect(result.defaultAccountName == "local")
        #expect(result.pinned.map(\.pattern) == ["/README.md", "/odd \"name\"\\\u{7}.md"])
    }

    @Test func theTemplateHasEverySettingOfAWorkspace() {
        let template = configurationTemplate()
        for setting in Configuration.settings where !setting.isPersonal {
            let last = setting.name.split(separator: ".").last ?? ""
            #expect(template.contains("\n#\(last): ") || template.contains("\n#  \(last): "), "\(setting.name)")
        }
        #expect(template.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }

    @Test func theReadMeAndManifestsAreProposed() {
        let names = ["src", "package.json", "README.de.md", "README.md", "main.swift", "Package.swift", "readme[.md"]
        #expect(proposedPins(among: names) == ["/README.de.md", "/Package.swift", "/package.json"])
        #expect(proposedPins(among: ["a.txt"]) == [])
    }

    @Test func theTemplateOfAFolderProposesWhatIsThere() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let template = configurationTemplate(forProjectAt: "/\(root)", environment: ["OPENAI_API_KEY": "sk-secret"])
        #expect(template.contains("\"/Package.swift\""))
        #expect(template.contains("# OPENAI_API_KEY is set"))
        #expect(!template.contains("sk-secret"))
        #expect(configurationTemplate(forProjectAt: "/nowhere/at/all") == configurationTemplate())
    }

    @Test func thePageNamesEverySettingWithItsTypeDefaultAndVariable() throws {
        let page = try page("configuration.md")
        for (setting, row) in zip(Configuration.settings, Configuration().listing) {
            let line = page.first { $0.hasPrefix("| `\(setting.name)` |") }
            let cells = line?.split(separator: "|").map { $0.drop { $0 == " " }.trimmedEnd } ?? []
            try #require(cells.count == 5, "\(setting.name) has no line of five cells")
            #expect(cells[1] == setting.type)
            #expect(cells[2] == "`\(row.value)`", "\(setting.name)")
            #expect(cells[3] == setting.environment.map { "`\($0)`" } ?? "")
            #expect(cells[4] == setting.summary)
        }
        for setting in AccountConfiguration.settings {
            #expect(page.contains("| `\(setting.name)` | \(setting.type) | \(setting.summary) |"), "\(setting.name)")
        }
    }

    @Test func thePageNamesEveryVariableOfEveryKind() throws {
        let page = try page("configuration.md").joined(separator: "\n")
        for kind in ProviderID.allCases {
            for variable in kind.keyVariables + [kind.baseURLVariable].compactMap(\.self) {
                #expect(page.contains("`\(variable)`"))
            }
        }
    }

    @Test func theExamplesOfThePageCanBeLoaded() throws {
        let blocks = try page("configuration.md").joined(separator: "\n").components(between: "```yaml\n", and: "\n```")
        #expect(blocks.count >= 3)
        for block in blocks {
            _ = try configuration(user: block, environment: ["OPENAI_API_KEY": "k"])
        }
    }

    private func page(_ name: String) throws -> [Substring] {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let bytes = try Data(contentsOf: URL(filePath: "/\(root)/docs/\(name)"))
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    }
}

extension Substring {
    fileprivate var trimmedEnd: Substring {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}

extension String {
    fileprivate func components(between start: String, and end: String) -> [String] {
        var result: [String] = []
        var rest = self[...]
        while let opening = rest.firstRange(of: start) {
            rest = rest[opening.upperBound...]
            guard let closing = rest.firstRange(of: end) else { break }
            result.append(String(rest[..<closing.lowerBound]))
            rest = rest[closing.upperBound...]
        }
        return result
    }
}
