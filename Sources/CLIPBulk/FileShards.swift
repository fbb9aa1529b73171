/// Cuts a list of files into shards, of which it holds one at a time.
package struct FileShards: Sequence, IteratorProtocol {
    private var files: AnyIterator<ListedFile>
    private let size: Int
    private let selection: ShardSelection
    private var number = 0
    private var isOver = false

    /// - Parameter size: files of a shard; the last has what is left.
    package init(
        _ files: some Sequence<ListedFile>,
        size: Int,
        selection: ShardSelection = ShardSelection()
    ) {
        (self.files, self.size, self.selection) = (AnyIterator(files.makeIterator()), size, selection)
    }

    /// The next shard of this process.
    ///
    /// A folder that cannot be read ends the list: nobody knows which pictures come there, and so which shard those behind it are of. Every
    /// process gets it then, in a shard of its own that cannot be finished.
    package mutating func next() -> Shard? {
        while !isOver {
            let isTaken = selection.takes(number)
            var (piece, count) = ([ListedFile](), 0)
            while count < size, let file = files.next() {
                guard file.fault == nil else {
                    isOver = true
                    return Shard([file], number: number)
                }
                if isTaken { piece.append(file) }
                count += 1
            }
            guard count > 0 else { return nil }
            defer { number += 1 }
            if isTaken { return Shard(piece, number: number) }
        }
        return nil
    }
}
