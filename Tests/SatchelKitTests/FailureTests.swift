import SatchelCore
import Testing

@testable import SatchelKit

@Suite struct FailureTests {
    @Test func theWorkspacesOwnFolderIsCalledByADot() throws {
        let error = ProviderError(.rejected, "no")
        let file = try #require(WorkspacePath("a/b.txt"))
        #expect(SyncReport.Failure(path: file, error).subject == "a/b.txt: ")
        #expect(SyncReport.Failure(path: .root, error).subject == ".: ")
        #expect(SyncReport.Failure(path: nil, error).subject == "")
    }
}
