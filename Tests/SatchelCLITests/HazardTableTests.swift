import FoundationEssentials
import Testing

/// docs/watching.md names a test for each hazard; each of them exists.
@Suite struct HazardTableTests {
    private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func eachTestOfTheTableExists() throws {
        let page = try String(contentsOf: Self.project.appending(path: "docs/watching.md"), encoding: .utf8)
        let section = try #require(page.split(separator: "## What is tried").last?.split(separator: "\n##").first)
        let rows = section.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst()
        #expect(rows.count > 20)
        let sources = try testSources()
        for row in rows {
            let cells = row.split(separator: "|").map(String.init)
            let names = try #require(cells.last).split(separator: "`").map(String.init).filter { !$0.contains(" ") }
            #expect(!names.isEmpty, "no test for: \(cells[0])")
            for name in names { #expect(sources.contains("func \(name)("), "\(name) is not there, for:\(cells[0])") }
        }
    }

    private func testSources() throws -> String {
        let folder = Self.project.appending(path: "Tests")
        return try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".swift") && $0.contains("Tests/") }
            .map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }
            .joined()
    }
}
