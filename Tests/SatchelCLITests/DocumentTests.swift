import FoundationEssentials
import SatchelTestSupport
import Testing

/// What the pages say is there.
@Suite struct DocumentTests {
    @Test func everyCommandThatIsShownIsUnderstood() async throws {
        try await RunningSatchel.with { satchel in
            let tree = try await CommandTree.of(satchel)
            var count = 0
            for page in try Page.all() {
                for command in page.commands {
                    count += 1
                    let complaint = tree.complaint(about: command.words, isWhole: command.isWhole)
                    #expect(complaint == nil, "\(page.path):\(command.line): \(command.words.joined(separator: " "))")
                }
            }
            #expect(count > 200)
        }
    }

    @Test func everyLinkLeadsSomewhere() throws {
        var count = 0
        for page in try Page.all() {
            for link in page.links {
                count += 1
                let parts = link.split(separator: "#", omittingEmptySubsequences: false)
                let folder = page.path.split(separator: "/").dropLast()
                let steps = folder + parts[0].split(separator: "/")
                let path = steps.reduce(into: [Substring]()) { path, step in
                    if step == ".." { path.removeLast() } else { path.append(step) }
                }
                let target = parts[0].isEmpty ? page.path : path.joined(separator: "/")
                let isThere = FileManager.default.fileExists(atPath: Page.project.appending(path: target).path)
                #expect(isThere, "\(page.path): \(link)")
                guard isThere, parts.count > 1 else { continue }
                #expect(try Page(target).anchors.contains(String(parts[1])), "\(page.path): \(link)")
            }
        }
        #expect(count > 40)
    }

    @Test func theIndexLeadsToEveryPage() throws {
        let index = Set(try Page("docs/README.md").links)
        for page in try Page.all() where page.path.hasPrefix("docs/") && page.path != "docs/README.md" {
            #expect(index.contains(String(page.path.dropFirst("docs/".count))), "\(page.path)")
        }
    }

    @Test func everyVariableThatIsNamedIsRead() throws {
        let code = try ["Sources", "Tests"].map { name in
            let folder = Page.project.appending(path: name)
            return try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
                .map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }.joined()
        }.joined()
        for page in try Page.all() {
            let words = page.text.split { !($0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_") }
            for word in Set(words) where word.hasPrefix("SATCHEL_") && word.last != "_" {
                #expect(code.contains("\"\(word)\""), "\(page.path): \(word)")
            }
        }
    }
}
