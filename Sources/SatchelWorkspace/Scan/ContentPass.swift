import Dispatch
import SatchelCore
import Synchronization

/// Reads and hashes the files that a walk could not take as known: in batches, two files at a time.
struct ContentPass {
    /// Bounds of one batch: small, so that little is lost when the program dies in the middle.
    private static let batchCount = 1000
    private static let batchBytes: Int64 = 64 << 20
    /// A second file is read while the first waits for the disk; more gain nothing but heat.
    private static let threads = 2

    /// The inode of a file that has several names, and the status it had.
    private struct Link: Hashable {
        var device: UInt64
        var fingerprint: Fingerprint
    }

    /// A batch in the making: what is to be read, and what came out.
    private struct Batch {
        /// By the clock, before the first byte: too early a time only makes a file racy that is not.
        var startedAt: Int64
        var jobs: [TreeWalk.Pending] = []
        var hashed: [HashedFile] = []
    }

    private let root: OpenFolder
    private let limit: ByteCount
    private let hashing: any Hashing
    private var queue: [TreeWalk.Pending]
    private var next = 0
    private var links: [Link: HashedFile] = [:]

    private(set) var files: [Snapshot.File]
    /// Indices of ``files`` that turned out not to be there, or to be in trouble.
    private(set) var dropped: Set<Int> = []
    private(set) var skipped: [Snapshot.Skipped] = []
    private(set) var troubles: [Trouble] = []
    /// Of each file that was read and has other names as well.
    private(set) var manyNamed: [Fingerprint] = []

    /// `pending` says which of `files` have to be read.
    init(
        _ pending: [TreeWalk.Pending],
        of files: [Snapshot.File],
        below root: OpenFolder,
        limit: ByteCount,
        hashing: any Hashing
    ) {
        queue = pending
        self.files = files
        self.root = root
        self.limit = limit
        self.hashing = hashing
    }

    /// Fills in the digests, a batch at a time, and hands each batch to `onHashed` before it begins the next.
    mutating func run(
        now: () -> Int64,
        isCancelled: () -> Bool,
        onHashed: ([HashedFile]) throws -> Void
    ) throws(ScanError) {
        while next < queue.count {
            guard !isCancelled() else { throw .cancelled }
            var batch = Batch(startedAt: now())
            fill(&batch)
            let outcomes = read(batch.jobs)
            for (job, outcome) in zip(batch.jobs, outcomes) { note(outcome, of: job, in: &batch) }
            guard !batch.hashed.isEmpty else { continue }
            do {
                try onHashed(batch.hashed)
            } catch {
                throw .callback(error)
            }
        }
    }

    /// Takes jobs from the queue, except second names of an inode: those wait until the first was read.
    private mutating func fill(_ batch: inout Batch) {
        var bytes: Int64 = 0
        var reading: Set<Link> = []
        var waiting: [TreeWalk.Pending] = []
        while next < queue.count, batch.jobs.count + batch.hashed.count < Self.batchCount, bytes < Self.batchBytes {
            let job = queue[next]
            next += 1
            if let link = link(of: job) {
                if let twin = links[link] {
                    settle(job, twin, in: &batch)
                    continue
                }
                guard reading.insert(link).inserted else {
                    waiting.append(job)
                    continue
                }
            }
            batch.jobs.append(job)
            bytes += job.fingerprint.size
        }
        queue.append(contentsOf: waiting)
    }

    private func link(of job: TreeWalk.Pending) -> Link? {
        job.hasLinks ? Link(device: job.device, fingerprint: job.fingerprint) : nil
    }

    private mutating func note(_ outcome: ContentReader.Outcome, of job: TreeWalk.Pending, in batch: inout Batch) {
        let path = files[job.file].path
        switch outcome {
        case .hashed(let fingerprint, let digest, let media):
            let hashed = HashedFile(
                path: path,
                fingerprint: fingerprint,
                digest: digest,
                media: media,
                isRacy: fingerprint.isRacy(hashedAt: batch.startedAt)
            )
            if let link = link(of: job) {
                manyNamed.append(fingerprint)
                if link.fingerprint == fingerprint { links[link] = hashed }
            }
            settle(job, hashed, in: &batch)
        case .gone:
            dropped.insert(job.file)
        case .tooLarge:
            dropped.insert(job.file)
            skipped.append(Snapshot.Skipped(path: path, isFolder: false, reason: .tooLarge(limit: limit)))
        case .trouble(let error):
            dropped.insert(job.file)
            troubles.append(Trouble(path: path, kind: error.kind, message: error.message))
        }
    }

    /// Gives a file the content that was read from it, or from another name of it.
    private mutating func settle(_ job: TreeWalk.Pending, _ content: HashedFile, in batch: inout Batch) {
        files[job.file].size = content.fingerprint.size
        files[job.file].digest = content.digest
        files[job.file].media = content.media
        var hashed = content
        hashed.path = files[job.file].path
        batch.hashed.append(hashed)
    }

    /// What became of each job, in their order.
    private func read(_ jobs: [TreeWalk.Pending]) -> [ContentReader.Outcome] {
        let paths = jobs.map { files[$0.file].path }
        let (root, limit, hashing) = (root, limit, hashing)
        guard paths.count > 1 else {
            let reader = ContentReader(root: root, limit: limit, hashing: hashing)
            return paths.map(reader.read)
        }
        let results = Mutex([ContentReader.Outcome](repeating: .gone, count: paths.count))
        let position = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: Self.threads) { _ in
            let reader = ContentReader(root: root, limit: limit, hashing: hashing)
            // Each takes the next file when it is done with one, so that a large one holds up nobody else.
            while true {
                let index = position.add(1, ordering: .relaxed).oldValue
                guard index < paths.count else { return }
                let outcome = reader.read(paths[index])
                results.withLock { $0[index] = outcome }
            }
        }
        return results.withLock { $0 }
    }
}
