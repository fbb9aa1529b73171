internal import CLIPFiles

/// What lies in shards, one shard after the other.
struct BulkItems {
    enum Step {
        case begin(Shard)
        case item(BulkItem)
        /// The shard is over: so many pictures were passed over, and this has ended its archive before its end.
        case end(passedOver: Int, ArchiveError?)
    }

    private enum Place {
        case between
        case archive(ArchiveSamples)
        case files(ArraySlice<ListedFile>)
        case unopened(ArchiveError)
    }

    private let nextShard: () -> Shard?
    private let wanted: String?
    private let mostBytes: Int
    private var place = Place.between

    init(wanted: String?, mostBytes: Int, nextShard: @escaping () -> Shard?) {
        (self.nextShard, self.wanted, self.mostBytes) = (nextShard, wanted, mostBytes)
    }

    /// nil where there are no more shards.
    mutating func next() -> Step? {
        switch place {
        case .between:
            guard let shard = nextShard() else { return nil }
            switch shard.content {
            case .files(let files): place = .files(files[...])
            case .archive(let path):
                do throws(ArchiveError) {
                    let reader = TarReader(try ArchiveStream(path: path))
                    place = .archive(ArchiveSamples(reader, wanted: wanted, mostBytes: mostBytes))
                } catch {
                    place = .unopened(error)
                }
            }
            return .begin(shard)
        case .unopened(let error): return end(passedOver: 0, error)
        case .files(var files):
            guard let file = files.popFirst() else { return end(passedOver: 0, nil) }
            place = .files(files)
            if let trouble = file.trouble { return .item(.failed(key: file.path, reason: trouble)) }
            return .item(.file(path: file.path, bytes: file.bytes))
        case .archive(var samples):
            // The archive is copied nowhere: its bytes are in one object.
            do throws(ArchiveError) {
                let item = try samples.next()
                place = .archive(samples)
                return item.map(Step.item) ?? end(passedOver: samples.passedOver, nil)
            } catch {
                return end(passedOver: samples.passedOver, error)
            }
        }
    }

    private mutating func end(passedOver: Int, _ error: ArchiveError?) -> Step {
        place = .between
        return .end(passedOver: passedOver, error)
    }
}
