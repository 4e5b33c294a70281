import Glibc
import SatchelTestSupport
import Testing

/// How programs save: the file is never taken for deleted, and its old copy goes only after the new one is there.
@Suite struct EditorTests {
    /// The system calls by which each program saves.
    private static let ways: [(name: String, script: String)] = [
        // backupcopy=auto, with a new file: probes the folder, moves the old file aside, writes the new one, removes the old.
        (
            "vim",
            """
            : > .f.txt.swp; : > 4913; chmod 600 4913; rm 4913
            mv f.txt f.txt~; printf '%s\\n' "$TEXT" > f.txt; chmod 644 f.txt; rm f.txt~; rm .f.txt.swp
            """
        ),
        // backupcopy=yes: copies the old file, then writes into it.
        (
            "vim with backupcopy=yes",
            """
            : > .f.txt.swp; cp f.txt f.txt~; : > f.txt; printf '%s\\n' "$TEXT" >> f.txt; rm f.txt~; rm .f.txt.swp
            """
        ),
        // The first save of a session: a link as lock, an auto-save file, the old file becomes the backup.
        (
            "emacs",
            """
            ln -s user@host.1:1 .#f.txt; printf '%s\\n' "$TEXT" > '#f.txt#'
            mv f.txt f.txt~; printf '%s\\n' "$TEXT" > f.txt; chmod 644 f.txt; rm '#f.txt#' .#f.txt; rm f.txt~
            """
        ),
        // Writes beside it and takes its place: many editors, and everything that wants to be safe.
        ("a rename", "printf '%s\\n' \"$TEXT\" > .f.txt.new; mv .f.txt.new f.txt"),
        ("sed -i", "sed -i \"s/.*/$TEXT/\" f.txt"),
        (
            "cp --remove-destination",
            "printf '%s\\n' \"$TEXT\" > \"$OUT/from.txt\"; cp --remove-destination \"$OUT/from.txt\" f.txt"
        ),
        ("cp over it", "printf '%s\\n' \"$TEXT\" > \"$OUT/from.txt\"; cp \"$OUT/from.txt\" f.txt"),
        ("mv over it", "printf '%s\\n' \"$TEXT\" > \"$OUT/from.txt\"; mv \"$OUT/from.txt\" f.txt"),
        ("rm and write", "rm f.txt; printf '%s\\n' \"$TEXT\" > f.txt"),
    ]

    @Test(arguments: ways.indices)
    func asEditorsSaveNothingIsDeletedInBetween(_ index: Int) async throws {
        let (name, script) = Self.ways[index]
        try await saves(script, as: name)
    }

    @Test(.enabled(if: access("/usr/bin/vim", X_OK) == 0, "vim is not installed"))
    func asVimSavesNothingIsDeletedInBetween() async throws {
        try await saves("vim -u NONE -es -c \"%s/.*/$TEXT/\" -c wq f.txt < /dev/null", as: "vim itself")
    }

    /// Nothing is kept once it is unreferenced, so that a delete too early would be seen.
    private func saves(_ script: String, as name: String) async throws {
        let environment = ["SATCHEL_KEEP_UNREFERENCED": "0s", "SATCHEL_WATCH_DELETE_HOLD": "1h"]
        let files: [RawBytes: RawBytes] = [
            "f.txt": "text 0\n", "g.txt": "g\n", ".satchelignore": "*~\n\\#*#\n4913\n",
        ]
        try await AtWatch.with(files, environment: environment) { watch in
            for round in 1...5 {
                try await watch.shell("TEXT='text \(round)'; \(script)")
                try await watch.process.line(containing: "↑  f.txt", count: round + 1)
                let held = watch.at.openAI.files.map(\.text)
                #expect(held.contains("text \(round)\n"), "\(name)")
            }
            #expect(!watch.process.stdout.contains("-  f.txt"), "\(name): \(watch.process.stdout)")
            #expect(watch.at.server.requests("DELETE /v1/files/*").isEmpty, "\(name)")
            #expect(watch.at.openAI.uploadCount == 7, "\(name): \(watch.process.stdout)")
        }
    }
}
