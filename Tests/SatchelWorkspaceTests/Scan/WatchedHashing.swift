import SatchelCore
import SatchelWorkspace
import Synchronization

/// Real SHA-256 that counts the contents it was given and lets a test act in the middle of a reading.
final class WatchedHashing: Hashing {
    /// Contents that were read, empty ones not counted.
    var contents: Int { counter.load(ordering: .relaxed) }
    private let counter = Atomic(0)
    private let whileReading: @Sendable (UnsafeRawBufferPointer) -> Void

    init(whileReading: @escaping @Sendable (UnsafeRawBufferPointer) -> Void = { _ in }) {
        self.whileReading = whileReading
    }

    func makeHasher() -> any ContentHasher { Hasher(owner: self) }

    private final class Hasher: ContentHasher {
        private let owner: WatchedHashing
        private let real = SHA256Hasher()
        private var isUsed = false

        init(owner: WatchedHashing) { self.owner = owner }

        func update(_ bytes: UnsafeRawBufferPointer) {
            guard !bytes.isEmpty else { return }
            if !isUsed { owner.counter.add(1, ordering: .relaxed) }
            isUsed = true
            real.update(bytes)
            owner.whileReading(bytes)
        }

        func finish() -> ContentDigest { real.finish() }
    }
}

extension ScratchTree {
    func scanner(hashing: any Hashing) -> WorkspaceScanner {
        WorkspaceScanner(root: root, policy: Self.gitsPolicy, hashing: hashing, environment: environment)
    }
}

func digest(_ text: String) -> ContentDigest { SHA256Hashing().digest(of: Array(text.utf8)) }
