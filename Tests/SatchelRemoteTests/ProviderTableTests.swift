import SatchelCore
import SatchelTestSupport
@testable import SatchelRemote
import Testing

/// `docs/providers.md` says what the traits say.
@Suite struct ProviderTableTests {
    @Test func theTableOfProvidersIsMadeFromTheirTraits() throws {
        let all = ProviderID.allCases.map(RemoteProviders.traits)
        var text = "| |" + all.map { " `\($0.provider.rawValue)` |" }.joined() + "\n"
        text += "|---|" + all.map { _ in "---|" }.joined() + "\n"
        for (name, word) in rows { text += "| \(name) |" + all.map { " \(word($0)) |" }.joined() + "\n" }
        try generatedPart(text, named: "table", of: "docs/providers.md")
    }

    private let rows: [(String, @Sendable (ProviderTraits) -> String)] = [
        ("copies end", { expiry($0.expiry) }),
        ("a file may have", { $0.maxFileSize?.description ?? "no limit" }),
        ("a picture may have", { ($0.maxImageSize ?? $0.maxFileSize)?.description ?? "no limit" }),
        ("all files of one chat", { $0.maxRequestFiles?.description ?? "–" }),
        ("all files of the account", { $0.maxAccountFiles?.description ?? "–" }),
        ("takes", { list($0.acceptedMedia, $0.acceptedContainers) }),
        ("goes into the question instead", { list($0.inlinedMedia, []) }),
        ("upload names", { naming($0) }),
        ("a chat refers to documents by id", { $0.canReferFiles ? "yes" : "no" }),
        ("a chat refers to pictures by id", { $0.canReferImages ? "yes" : "no" }),
        ("the model learns the path from", { carrier($0.pathCarrier) }),
        ("uploads can be read back", { $0.canDownload ? "yes" : "no" }),
        ("may have to be waited for", { $0.mayProcess ? "yes" : "no" }),
        ("ids asked after at once", { String($0.checkBatch) }),
        ("a listing goes on", { pager($0) }),
        ("prompt cache", { caching($0.caching) }),
        ("uploads side by side", { $0.uploadBatch > 1 ? "\($0.parallelUploads) batches" : String($0.parallelUploads) }),
    ]

    private static func expiry(_ expiry: ProviderTraits.Expiry) -> String {
        switch expiry {
        case .none: "never"
        case .settable(let range):
            "when asked, after \(spelledDuration(range.lowerBound)) to \(spelledDuration(range.upperBound))"
        case .fixed(let seconds): "always after \(spelledDuration(seconds))"
        }
    }

    private static func list(_ media: Set<MediaType>, _ containers: Set<String>) -> String {
        if media.count == MediaType.allCases.count { return "everything" }
        let words = MediaType.allCases.filter { media.contains($0) }.map { "\($0)" } + containers.sorted()
        return words.isEmpty ? "–" : words.joined(separator: ", ")
    }

    private static func naming(_ traits: ProviderTraits) -> String {
        if traits.choosesIDs { return "kept, and the id is made from the name" }
        return switch traits.naming {
        case .asIs: "kept"
        case .textExtension where !traits.acceptedMedia.contains(.text): "kept"
        case .textExtension: "`.txt` behind most source code"
        }
    }

    private static func carrier(_ carrier: ProviderTraits.PathCarrier) -> String {
        switch carrier {
        case .none: "–"
        case .listing: "a list behind the files"
        case .title: "the file's title"
        case .precedingText: "a line before the file"
        }
    }

    private static func pager(_ traits: ProviderTraits) -> String {
        let size = "\(traits.listPage) a page"
        return switch traits.pager {
        case .lastID: "after the last id, \(size)"
        case .token: "with a token, \(size)"
        case .number: "by page number, \(size)"
        }
    }

    private static func caching(_ caching: ProviderTraits.Caching) -> String {
        switch caching {
        case .automatic: "nothing to send"
        case .key: "a steady key"
        case .breakpoints(let most): "up to \(most) marks"
        }
    }
}
