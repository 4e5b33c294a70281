import SatchelCore
import SatchelTestSupport
import Testing

/// The life of a remote copy, as a table of states and causes.
@Suite struct CopyStateTests {
    @Test func theManualShowsEveryTransition() throws {
        let causes = CopyCause.allCases
        var lines = [
            "| in \\ when | " + causes.map { "`\($0)`" }.joined(separator: " | ") + " |",
            "|---|" + String(repeating: "---|", count: causes.count),
            "| *not remembered* | " + causes.map { CopyState.first($0).map { "\($0)" } ?? "" }.joined(separator: " | ")
                + " |",
        ]
        for state in CopyState.allCases {
            let cells = causes.map { cause in
                switch state.next(cause) {
                case .becomes(let next): "\(next)"
                case .isForgotten: "*forgotten*"
                case nil: ""
                }
            }
            lines.append("| \(state) | " + cells.joined(separator: " | ") + " |")
        }
        try generatedPart(lines.joined(separator: "\n") + "\n", named: "states", of: "docs/manifest.md")
    }

    @Test(arguments: CopyState.allCases)
    func everyStateCanBeLeft(_ state: CopyState) {
        var reached: Set<CopyState> = [state]
        var canBeForgotten = false
        // As many rounds as there are states reach whatever can be reached.
        for _ in CopyState.allCases {
            for from in reached {
                for cause in CopyCause.allCases {
                    switch from.next(cause) {
                    case .becomes(let next): reached.insert(next)
                    case .isForgotten: canBeForgotten = true
                    case nil: break
                    }
                }
            }
        }
        #expect(canBeForgotten && reached.contains(.ready))
    }

    @Test func onlyACopyThatWasAnnouncedCanArrive() {
        #expect(CopyState.whence(.arrived) == [.uploading, .processing])
        #expect(CopyCause.allCases.filter { CopyState.first($0) != nil } == [.announced])
    }

    @Test func whatMayExistRemotelyIsNotForgottenBeforeItIsDeleted() {
        for state in [CopyState.ready, .processing, .deleting] {
            for cause in CopyCause.allCases where cause != .gone {
                #expect(state.next(cause) != .isForgotten)
            }
        }
    }
}
