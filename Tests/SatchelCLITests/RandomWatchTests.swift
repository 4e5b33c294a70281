import Glibc
import SatchelTestSupport
import Testing

/// A running watch against somebody who works fast and without a plan.
@Suite(.serialized) struct RandomWatchTests {
    private struct Chance {
        var state: UInt64

        mutating func below(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(limit))
        }
    }

    private static let paths: [RawBytes] = [
        "a.txt", "b.txt", "d/a.txt", "d/b.txt", "d/e/f.txt", "d/e/g.txt", "h/i/j/k.txt", "h/l.txt", "m/n.txt",
    ]
    private static let folders: [RawBytes] = ["d", "d/e", "h", "h/i", "m", "x", "y"]

    @Test(arguments: 1...4)
    func afterAnyChangesEverythingIsInStep(_ seed: UInt64) async throws {
        let environment = [
            "SATCHEL_WATCH_QUIET": "20ms", "SATCHEL_WATCH_CAP": "200ms", "SATCHEL_WATCH_DELETE_HOLD": "50ms",
        ]
        try await AtOpenAI.with(environment: environment) { at in
            let watch = try at.satchel.start(["watch"])
            try await watch.line(containing: "Ctrl-C stops")
            var chance = Chance(state: seed)
            for round in 0..<6 {
                for step in 0..<25 { change(at.workspace, &chance, "\(round) \(step)\n") }
                // Beside a watch a sync waits until everything is in step.
                let report = try await at.satchel.sync()
                #expect(report.ok)
                try await expectDisk(at)
            }
            watch.send(SIGTERM)
            let finished = try await watch.finish().check()
            #expect(finished.stderr.isEmpty, "\(finished)")
            try await at.expectConvergence()
        }
    }

    private func change(_ folder: TemporaryWorkspace, _ chance: inout Chance, _ text: String) {
        let path = Self.paths[chance.below(Self.paths.count)]
        // What cannot be done, such as a file in the place of a folder, is not done.
        switch chance.below(9) {
        case 0...2: try? folder.write(path, RawBytes(text))
        case 3: try? folder.replace(path, RawBytes(text))
        case 4: folder.remove(path)
        case 5: try? folder.move(path, to: Self.paths[chance.below(Self.paths.count)])
        case 6:
            try? folder.move(
                Self.folders[chance.below(Self.folders.count)],
                to: Self.folders[chance.below(Self.folders.count)]
            )
        case 7: folder.remove(Self.folders[chance.below(Self.folders.count)])
        default: try? folder.makeFolder(Self.folders[chance.below(Self.folders.count)])
        }
    }

    /// What is listed is what is on the disk, and the account has it.
    private func expectDisk(_ at: AtOpenAI) async throws {
        let list = try await at.satchel.list()
        let seen = visibleFiles(of: at.workspace, below: "")
        #expect(list.files.map(\.path) == seen.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
        let held = Set(at.openAI.files.map { "\($0.sha256)" })
        for file in list.files {
            let bytes = try #require(at.workspace.read(RawBytes(file.path)))
            #expect(file.sha256 == "\(independentDigest(of: bytes))")
            #expect(held.contains(file.sha256))
        }
    }

    private func visibleFiles(of workspace: TemporaryWorkspace, below folder: String) -> [String] {
        workspace.list(RawBytes(folder)).filter { $0.bytes.first != UInt8(ascii: ".") }.flatMap { name in
            let path = folder + (folder.isEmpty ? "" : "/") + String(decoding: name.bytes, as: UTF8.self)
            return workspace.read(RawBytes(path)) != nil ? [path] : visibleFiles(of: workspace, below: path)
        }
    }
}
