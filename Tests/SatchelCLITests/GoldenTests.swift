import FoundationEssentials
import SatchelTestSupport
import Testing

/// What people and scripts rely on, word for word: help texts and the shape of every JSON document.
///
/// Record with `SATCHEL_RECORD_GOLDEN=1`.
@Suite struct GoldenTests {
    @Test func everyHelpSaysWhatItSaidAndHasAnExample() async throws {
        try await RunningSatchel.with { satchel in
            let tree = try await CommandTree.of(satchel)
            for path in tree.paths {
                let help = try await satchel.run(path + ["--help"]).check()
                #expect(help.stderr.isEmpty)
                let command = (["satchel"] + path).joined(separator: " ")
                let examples = help.stdout.split(separator: "EXAMPLES").last ?? ""
                #expect(help.stdout.contains("EXAMPLES") && examples.contains(command), "\(command)")
                #expect(help.stdout.contains("--json") || !tree.isLeaf(path), "\(command)")
                let name = path.isEmpty ? "satchel" : path.joined(separator: "-")
                #expect(throws: Never.self) { try golden(help.stdout, named: "help-\(name).txt") }
            }
        }
    }

    /// One workspace in a state that fills every document.
    @Test(arguments: [
        ("init", ["init"], 0), ("sync", ["sync", "--verbose"], 0), ("sync-dry-run", ["sync", "--dry-run"], 0),
        ("sync-check", ["sync", "--check"], 3), ("sync-accounts", ["sync", "--to", "local", "--to", "local"], 0),
        ("status", ["status"], 0), ("ls", ["ls"], 0),
        ("why", ["why", "build/out.o"], 0), ("chat", ["chat", "kettle"], 0),
        ("cleanup", ["cleanup", "--older-than", "0"], 0), ("config-ls", ["config", "ls"], 0),
        ("config-path", ["config", "path"], 0),
        ("rehydrate", ["rehydrate"], 0), ("add", ["add", "moved.txt"], 0), ("quota", ["quota", "--ask"], 0),
        ("has", ["has", "0263829989b6fd954f72baaf2fc64bc2e2f01d692d4de72986ea808f6e99813f"], 1),
        ("remote-reconcile", ["remote", "reconcile", "--adopt"], 0), ("doctor", ["doctor"], 0),
        ("failure", ["chat", "--thread", "77", "kettle"], 2),
    ])
    func aDocumentKeepsItsShape(_ name: String, _ arguments: [String], _ status: Int32) async throws {
        let files: [RawBytes: RawBytes] = [
            "README.md": "# Example\n\nThe kettle boils.\n", "notes.txt": "tea\n", "twin.txt": "tea\n",
            ".gitignore": "build/\n", "build/out.o": "object",
        ]
        try await RunningSatchel.initialised(files) { satchel in
            try await satchel.sync()
            try satchel.workspace.write("README.md", "# Example\n\nThe kettle whistles.\n")
            try satchel.workspace.move("notes.txt", to: "moved.txt")
            if ["ls", "cleanup", "chat"].contains(name) { try await satchel.sync() }
            let finished = try await satchel.run(arguments + ["--json"]).check(status)
            let document = try #require(finished.json)
            try golden(normalised(document, in: satchel).pretty, named: "json-\(name).json")
        }
    }

    /// Replaces what differs from run to run.
    private func normalised(_ value: JSONValue, in satchel: RunningSatchel, key: String = "") -> JSONValue {
        switch value {
        case .object(let members):
            return .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { ($0, normalised($1, in: satchel, key: $0)) }
                )
            )
        case .array(let elements):
            return .array(elements.map { normalised($0, in: satchel, key: key) })
        case .string(let text):
            switch key {
            case "sha256": return "<sha256>"
            case "remote_id": return "<id>"
            case "expires_at", "since": return "<time>"
            case "detail": return "<detail>"
            default: break
            }
            let digits = text.replacing(satchel.workspace.root, with: "<workspace>").replacing(
                satchel.home.root,
                with: "<home>"
            )
            return .string(withoutVolatileParts(digits))
        default:
            return value
        }
    }

    /// Replaces runs of 12 and more hexadecimal digits, the mark of an upload, and times.
    private func withoutVolatileParts(_ text: String) -> String {
        let text = text.replacing(/(\.[0-9a-f]{16})\.[a-z2-7]{8}(?=\.|$)/) { "\($0.1).<mark>" }
        return text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            if word.count >= 20, word.hasSuffix("Z"), word.dropFirst(4).first == "-" { return "<time>" }
            return word.split(separator: ".", omittingEmptySubsequences: false).map { part in
                part.count >= 12 && part.allSatisfy(\.isHexDigit) ? "<digest>" : String(part)
            }.joined(separator: ".")
        }.joined(separator: " ")
    }
}

extension JSONValue {
    /// Indented, keys in order, with a line break at the end.
    fileprivate var pretty: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { return "" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}
