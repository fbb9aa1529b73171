/// Cuts a list of files into shards, of which it holds one at a time.
package struct FileShards: Sequence, IteratorProtocol {
    private var files: AnyIterator<ListedFile>
    private let size: Int
    private let selection: ShardSelection
    private var number = 0

    /// - Parameter size: files of a shard; the last has what is left.
    package init(
        _ files: some Sequence<ListedFile>,
        size: Int,
        selection: ShardSelection = ShardSelection()
    ) {
        (self.files, self.size, self.selection) = (AnyIterator(files.makeIterator()), size, selection)
    }

    package mutating func next() -> Shard? {
        while true {
            let isTaken = selection.takes(number)
            var (piece, count) = ([ListedFile](), 0)
            while count < size, let file = files.next() {
                if isTaken { piece.append(file) }
                count += 1
            }
            guard count > 0 else { return nil }
            defer { number += 1 }
            if isTaken { return Shard(piece, number: number) }
        }
    }
}
