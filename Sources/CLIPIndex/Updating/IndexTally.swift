internal import CLIPFiles

/// What became of the files that an index was brought up to date with.
package struct IndexTally: Equatable, Sendable {
    /// Got a vector by a forward pass.
    package var embedded = 0
    /// Have the bytes of a file that had a vector, whose path leads nowhere any more.
    package var moved = 0
    /// Have the bytes of another file.
    package var copies = 0
    /// Are as they were.
    package var unchanged = 0
    /// Are no pictures, which was found out now.
    package var failed = 0
    /// Are no pictures, which was known.
    package var failedBefore = 0
    /// Could not be read this time.
    package var unreadable = 0
    /// Were passed over by the rules, those of the next two among them.
    package var passedOver = 0
    /// Have a picture's name, and fewer bytes than the rules say, or more.
    package var (tooSmall, tooLarge) = (0, 0)
    /// Are not there any more: a search does not find them.
    package var missing = 0

    package init() {}

    /// Counts what was counted elsewhere.
    package mutating func add(_ other: IndexTally) {
        embedded += other.embedded
        moved += other.moved
        copies += other.copies
        unchanged += other.unchanged
        failed += other.failed
        failedBefore += other.failedBefore
        unreadable += other.unreadable
        passedOver += other.passedOver
        tooSmall += other.tooSmall
        tooLarge += other.tooLarge
        missing += other.missing
    }

    mutating func passOver(_ reason: FolderWalk.Entry.Reason) {
        passedOver += 1
        switch reason {
        case .tooSmall: tooSmall += 1
        case .tooLarge: tooLarge += 1
        case .rule, .name: break
        }
    }

    /// Files that the index was asked about.
    package var files: Int { asBefore + worked }

    /// Those of them of which nothing had to be read.
    package var asBefore: Int { unchanged + failedBefore }

    /// Those that were read, or could not be.
    package var worked: Int { embedded + moved + copies + failed + unreadable }
}
