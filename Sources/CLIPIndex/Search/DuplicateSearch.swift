/// Finds the files of an index that have equal bytes, and then the pictures that are alike.
///
/// Each group is told as soon as it is known, and nothing of it is kept.
package struct DuplicateSearch {
    private let index: any DuplicateSource
    private let threads: Int

    /// - Parameter threads: that comparing takes.
    package init(_ index: any DuplicateSource, threads: Int) {
        (self.index, self.threads) = (index, threads)
    }

    /// Files that are of one picture, or nearly.
    package enum Group: Equatable, Sendable {
        /// Files of equal bytes, in the order of their paths, with the number of their picture in the index.
        case equal(id: Int, paths: [String], bytes: Int)
        /// Pictures that are alike: the one with the most bytes, and then the others, the most like it first.
        case alike([Picture])
    }

    package struct Picture: Equatable, Sendable {
        /// Its number in the index.
        package let id: Int
        /// Its files, which have equal bytes, in the order of their paths.
        package let paths: [String]
        package let bytes: Int
        /// The cosine with the first of the group.
        ///
        /// It may be less than was asked for, where others are between the two.
        package let score: Float
    }

    /// Looks through the index as it is now.
    ///
    /// It holds its thread, and is not to be called by a task.
    ///
    /// - Parameters:
    ///   - minScore: the least cosine of two pictures that are alike; nil to look for equal bytes alone.
    ///   - tell: returns whether to go on.
    package func run(
        in scope: IndexFile.Scope,
        minScore: Float?,
        _ tell: (Group) -> Bool
    ) throws(IndexError) {
        guard try tellEqual(in: scope, tell), let minScore else { return }
        let (set, rows) = try index.vectors(in: scope)
        let scan = LikenessScan(vectors: set, rows: rows, minScore: minScore, threads: threads)
        func low(_ row: Int) throws(IndexError) -> [Int8]? {
            try index.low(ofContent: set.content(ofRow: row))
        }
        try scan.groups(low: low) { (rows) throws(IndexError) in
            var found: [(row: Int, paths: [String], bytes: Int)] = []
            for row in rows {
                let content = set.content(ofRow: row)
                let paths = try index.files(ofContent: content, in: scope).map(\.path)
                // Files that went meanwhile are told no more.
                guard !paths.isEmpty, let bytes = try index.byteCount(ofContent: content) else { continue }
                found.append((row, paths, bytes))
            }
            guard found.count > 1, let first = found.max(by: { ($0.bytes, $1.row) < ($1.bytes, $0.row) })
            else { return true }
            var pictures: [Picture] = []
            for (row, paths, bytes) in found {
                let score = row == first.row ? 1 : try scan.score(of: row, with: first.row, low: low)
                guard let score else { continue }
                let id = set.content(ofRow: row)
                pictures.append(Picture(id: id, paths: paths, bytes: bytes, score: score))
            }
            let firstID = set.content(ofRow: first.row)
            pictures.sort {
                if $0.id == firstID || $1.id == firstID { return $0.id == firstID && $1.id != firstID }
                return ($0.score, $1.id) > ($1.score, $0.id)
            }
            return pictures.count > 1 ? tell(.alike(pictures)) : true
        }
    }

    /// - Returns: whether to go on.
    private func tellEqual(in scope: IndexFile.Scope, _ tell: (Group) -> Bool) throws(IndexError) -> Bool {
        var last = 0
        while true {
            let contents = try index.contentsOfSeveralFiles(in: scope, after: last)
            guard let end = contents.last else { return true }
            last = end
            for content in contents {
                let paths = try index.files(ofContent: content, in: scope).map(\.path)
                guard paths.count > 1, let bytes = try index.byteCount(ofContent: content) else { continue }
                guard tell(.equal(id: content, paths: paths, bytes: bytes)) else { return false }
            }
        }
    }
}
