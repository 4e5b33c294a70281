import FoundationEssentials
import SatchelCore
import Testing

@Suite struct PlannerTests {
    private func plan(
        _ snapshot: Snapshot,
        known: [String: String] = [:],
        copies: [KnownCopy] = [],
        pinned: Set<ContentDigest> = [],
        root: RootIdentity? = nil,
        policy: SyncPolicy = SyncPolicy(),
        traits: ProviderTraits = Fixture.traits
    ) -> Plan {
        SatchelCore.plan(
            snapshot,
            against: Fixture.known(known),
            copies: Fixture.copies(copies),
            pinned: pinned,
            rememberedRoot: root,
            under: policy,
            traits: traits,
            at: Fixture.now
        )
    }

    private func immediate() -> SyncPolicy {
        var policy = SyncPolicy()
        policy.keepUnreferenced = 0
        return policy
    }

    @Test func aNewFileIsUploadedAndThenLinked() {
        let plan = plan(Fixture.snapshot(["a.txt": "one"]))
        #expect(plan.words == ["upload a.txt: new", "link a.txt: uploaded"])
        #expect(plan.found == 1 && plan.unchanged == 0)
    }

    @Test func aFileInStepNeedsNothing() {
        let plan = plan(Fixture.snapshot(["a.txt": "one"]), known: ["a.txt": "one"], copies: [Fixture.copy("one")])
        #expect(plan.isEmpty)
        #expect(plan.unchanged == 1)
    }

    @Test func whatChatsShowWithoutACopyIsLinkedOnceAndSkipped() {
        var traits = Fixture.traits
        traits.inlinedMedia = [.text]
        let first = plan(Fixture.snapshot(["a.txt": "one"]), traits: traits)
        #expect(first.words == ["link a.txt: refused"])
        #expect(first.skipped.map(\.reason) == [.inlined(.text)])
        let next = plan(Fixture.snapshot(["a.txt": "one"]), known: ["a.txt": "one"], traits: traits)
        #expect(next.isEmpty)
        #expect(next.skipped.map(\.reason) == [.inlined(.text)])
    }

    @Test func onlyDocumentsAreTakenOutOfTheirZipContainers() {
        var traits = Fixture.traits
        traits.acceptedContainers = ["docx"]
        #expect(traits.refusal(of: .zip, size: 1, at: Fixture.path("a/Letter.DOCX")) == nil)
        #expect(traits.refusal(of: .zip, size: 1, at: Fixture.path("a/letter.jar")) == .unsupported(.zip))
        #expect(traits.refusal(of: .binary, size: 1, at: Fixture.path("letter.docx")) == .unsupported(.binary))
    }

    @Test func twoPathsWithTheSameBytesUploadOnce() {
        let plan = plan(Fixture.snapshot(["a.txt": "one", "b.txt": "one"]))
        #expect(plan.words == ["upload a.txt: new", "link a.txt: uploaded", "link b.txt: same_content"])
    }

    @Test func aRenameUploadsNothing() {
        let plan = plan(Fixture.snapshot(["new.txt": "one"]), known: ["old.txt": "one"], copies: [Fixture.copy("one")])
        #expect(plan.words == ["link new.txt: renamed", "forget old.txt: deleted"])
    }

    @Test func aChangedFileIsUploadedBeforeItsOldCopyIsDeleted() {
        let plan = plan(
            Fixture.snapshot(["a.txt": "two"]),
            known: ["a.txt": "one"],
            copies: [Fixture.copy("one")],
            policy: immediate()
        )
        #expect(plan.words == ["upload a.txt: changed", "link a.txt: uploaded", "delete: unreferenced"])
    }

    @Test func aReplacedCopyIsKeptForAWhileSoThatABranchSwitchBackUploadsNothing() {
        let plan = plan(
            Fixture.snapshot(["a.txt": "two"]),
            known: ["a.txt": "one"],
            copies: [Fixture.copy("one", touched: 900_000)]
        )
        #expect(plan.words == ["upload a.txt: changed", "link a.txt: uploaded"])
        let back = self.plan(
            Fixture.snapshot(["a.txt": "one"]),
            known: ["a.txt": "two"],
            copies: [Fixture.copy("one"), Fixture.copy("two")]
        )
        #expect(back.words == ["link a.txt: same_content"])
    }

    @Test func aCopyThatAnotherPathStillNeedsStays() {
        let plan = plan(
            Fixture.snapshot(["b.txt": "one"]),
            known: ["a.txt": "one", "b.txt": "one"],
            copies: [Fixture.copy("one")],
            policy: immediate()
        )
        #expect(plan.words == ["forget a.txt: deleted"])
    }

    @Test func anUnreferencedCopyIsDeletedOnceItsTimeIsOver() {
        let copies = [Fixture.copy("one"), Fixture.copy("old", touched: 90000), Fixture.copy("fresh", touched: 3600)]
        let plan = plan(Fixture.snapshot(["a.txt": "one"]), known: ["a.txt": "one"], copies: copies)
        #expect(plan.words == ["delete: unreferenced"])
        #expect(plan.actions.first == .delete(copies[1], because: .unreferenced(since: copies[1].touchedAt)))
    }

    @Test func whatAMessageNeedsIsNotDeleted() {
        let plan = plan(
            Fixture.snapshot(["a.txt": "one"]),
            known: ["a.txt": "one"],
            copies: [Fixture.copy("one"), Fixture.copy("shown", touched: 900_000)],
            pinned: [Fixture.digest("shown")]
        )
        #expect(plan.isEmpty)
    }

    @Test func aPartialScanForgetsAndDeletesNothingElsewhere() {
        let plan = plan(
            Fixture.snapshot(["src/a.txt": "two"], scope: Scope([Fixture.path("src")])),
            known: ["src/a.txt": "one", "src/b.txt": "three"],
            copies: [Fixture.copy("one", touched: 900_000), Fixture.copy("three", touched: 900_000)],
            policy: immediate()
        )
        #expect(plan.words == ["upload src/a.txt: changed", "link src/a.txt: uploaded", "forget src/b.txt: deleted"])
    }

    @Test func nothingBelowAnUnreadableFolderIsForgotten() {
        let trouble = Trouble(path: Fixture.path("src"), isFolder: true, kind: .unreadable, message: "cannot be read")
        let plan = plan(
            Fixture.snapshot(["a.txt": "one"], troubles: [trouble]),
            known: ["a.txt": "one", "src/b.txt": "two", "srcs.txt": "three"],
            copies: [Fixture.copy("one"), Fixture.copy("two", touched: 900_000), Fixture.copy("three")],
            policy: immediate()
        )
        #expect(plan.words == ["forget srcs.txt: deleted", "delete: unreferenced"])
        #expect(plan.found == 2)
    }

    @Test func anExpiredCopyIsUploadedAgainAndOneThatSoonExpiresToo() {
        let plan = plan(
            Fixture.snapshot(["a.txt": "one", "b.txt": "two", "c.txt": "three"]),
            known: ["a.txt": "one", "b.txt": "two", "c.txt": "three"],
            copies: [
                Fixture.copy("one", expiresIn: -5), Fixture.copy("two", expiresIn: 300),
                Fixture.copy("three", expiresIn: 5000),
            ]
        )
        #expect(plan.words == ["upload a.txt: expired", "upload b.txt: expires_soon"])
        #expect(plan.unchanged == 1)
    }

    @Test func aWatchThatRenewsOnUseLeavesExpiredCopiesAlone() {
        var policy = SyncPolicy()
        policy.renewsExpired = false
        let plan = plan(
            Fixture.snapshot(["a.txt": "one"]),
            known: ["a.txt": "one"],
            copies: [Fixture.copy("one", expiresIn: -5)],
            policy: policy
        )
        #expect(plan.isEmpty)
    }

    @Test func aCopyOfAMinuteIsNotStaleForEver() {
        let copy = KnownCopy(
            row: 1,
            digest: Fixture.digest("one"),
            state: .ready,
            createdAt: Fixture.now,
            expiresAt: Fixture.now.addingTimeInterval(60),
            touchedAt: Fixture.now
        )
        #expect(copy.freshness(at: Fixture.now, margin: 600) == .fresh)
        #expect(copy.freshness(at: Fixture.now.addingTimeInterval(46), margin: 600) != .fresh)
    }

    @Test func anEmptiedFolderStopsAndShowsWhatAYesWouldForget() {
        let plan = plan(
            Fixture.snapshot([:]),
            known: ["a.txt": "one", "b.txt": "two"],
            copies: [Fixture.copy("one"), Fixture.copy("two")],
            policy: immediate()
        )
        #expect(plan.stop == .emptiedRoot(known: 2))
        #expect(plan.actions.count == 4)
        #expect(plan.permitted.isEmpty)
    }

    @Test func aYesLetsAnEmptiedFolderGo() {
        var policy = immediate()
        policy.isConfirmed = true
        let plan = plan(
            Fixture.snapshot([:]),
            known: ["a.txt": "one", "b.txt": "two"],
            copies: [Fixture.copy("one"), Fixture.copy("two")],
            policy: policy
        )
        #expect(plan.stop == nil)
        #expect(plan.actions.count == 4)
    }

    @Test func manyDeletesStopAndFewDoNot() {
        let kept = Dictionary(uniqueKeysWithValues: (0..<80).map { ("keep\($0).txt", "keep\($0)") })
        func copies(_ lost: Int) -> [KnownCopy] {
            kept.values.map { Fixture.copy($0) } + (0..<lost).map { Fixture.copy("lost\($0)", touched: 900_000) }
        }
        let few = plan(Fixture.snapshot(kept), known: kept, copies: copies(10))
        #expect(few.stop == nil && few.actions.count == 10)
        let many = plan(Fixture.snapshot(kept), known: kept, copies: copies(11))
        #expect(many.stop == .tooManyDeletes(count: 11, of: 91))
        #expect(many.actions.count == 11)
        #expect(many.permitted.isEmpty)
    }

    @Test func whatNeverArrivedCountsForNoDelete() {
        let unfinished = (0..<20).map { index in
            Fixture.copy("lost\(index)", state: index.isMultiple(of: 2) ? .uploading : .failed, touched: 900_000)
        }
        let kept = ["keep.txt": "keep"]
        let plan = plan(Fixture.snapshot(kept), known: kept, copies: unfinished + [Fixture.copy("keep")])
        #expect(plan.stop == nil)
        #expect(
            plan.actions.allSatisfy { if case .delete(_, because: .neverFinished) = $0 { true } else { false } }
        )
    }

    @Test func anotherFolderUnderTheSameNameStopsWhenManyFilesAreMissing() {
        let known = Dictionary(uniqueKeysWithValues: (0..<20).map { ("f\($0).txt", "f\($0)") })
        let plan = plan(
            Fixture.snapshot(["f0.txt": "f0"], root: RootIdentity(device: 1, inode: 99)),
            known: known,
            root: RootIdentity(device: 1, inode: 2)
        )
        #expect(plan.stop == .replacedRoot(forgets: 19))
    }

    @Test func whatTheAccountDoesNotTakeIsSkippedWithTheReason() {
        var snapshot = Fixture.snapshot(["a.txt": "one", "b.bin": "two"])
        snapshot.files[1].media = .binary
        let plan = plan(snapshot)
        #expect(plan.words == ["upload a.txt: new", "link a.txt: uploaded"])
        #expect(plan.skipped.map(\.reason) == [.unsupported(.binary)])
    }

    @Test func aFileThatBecameIgnoredIsForgottenWithThatReason() {
        let rule = SelectionRule(file: ".gitignore", line: 3, pattern: "build/")
        let skipped = Snapshot.Skipped(path: Fixture.path("build"), isFolder: true, reason: .ignored(rule))
        let plan = plan(
            Fixture.snapshot(["a.txt": "one"], skipped: [skipped]),
            known: ["a.txt": "one", "build/x.txt": "two"],
            copies: [Fixture.copy("one"), Fixture.copy("two")]
        )
        #expect(plan.actions == [.forget(Fixture.path("build/x.txt"), because: .skipped(.ignored(rule)))])
    }

    @Test(arguments: [CopyState.uploading, .failed, .deleting])
    func aCopyThatNeverBecameReadyIsUploadedAgain(state: CopyState) {
        let plan = plan(
            Fixture.snapshot(["a.txt": "one"]),
            known: ["a.txt": "one"],
            copies: [Fixture.copy("one", state: state)]
        )
        #expect(plan.uploads == 1)
    }

    @Test func theSumOfWhatHappensIsWhatWasFound() {
        let trouble = Trouble(path: Fixture.path("z.txt"), kind: .unreadable, message: "cannot be read")
        let skipped = Snapshot.Skipped(path: Fixture.path("y.log"), isFolder: false, reason: .hidden)
        let plan = plan(
            Fixture.snapshot(
                ["a.txt": "one", "b.txt": "two", "c.txt": "two", "d.txt": "four"],
                skipped: [skipped],
                troubles: [trouble]
            ),
            known: ["a.txt": "one", "z.txt": "z"],
            copies: [Fixture.copy("one"), Fixture.copy("four")]
        )
        // One unchanged, one uploaded, two linked, one skipped, one failed.
        let links = plan.words.count { $0.contains("same_content") }
        #expect(plan.found == plan.unchanged + plan.uploads + links + plan.skipped.count + plan.troubles.count)
    }
}

@Suite struct CopyIndexTests {
    @Test func everyDigestOfAThousandIsFoundAndNoOther() {
        let copies = (0..<1000).map { number -> KnownCopy in
            var bytes = [UInt8](repeating: 0, count: 32)
            var value = UInt64(number) &* 0x9e37_79b9_7f4a_7c15
            for index in 0..<8 {
                bytes[index] = UInt8(truncatingIfNeeded: value)
                value >>= 8
            }
            var copy = Fixture.copy("x")
            copy.digest = ContentDigest(bytes) ?? copy.digest
            return copy
        }
        let index = Fixture.copies(copies)
        for copy in copies { #expect(index[copy.digest]?.digest == copy.digest) }
        #expect(index[Fixture.digest("not there")] == nil)
        #expect(CopyIndex(sorted: [])[Fixture.digest("a")] == nil)
    }
}
