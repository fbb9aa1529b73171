internal import CLIPFiles

/// Writes the files of one shard; none has its name before all are whole, and the record is the last.
package final class ShardWriter {
    private let shard: String
    private let folder: OutputFolder
    private var table: any EmbeddingTable
    private var failures: ShardFile?
    private var record: ShardRecord

    init(_ shard: Shard, in folder: OutputFolder) throws(OutputError) {
        (self.shard, self.folder) = (shard.name, folder)
        let settings = folder.settings
        record = ShardRecord(settings, shard.source)
        switch settings.format {
        case .npy:
            table = try ArrayTable(
                shard: shard.name,
                in: folder.path,
                width: settings.width,
                numbers: settings.numbers
            )
        case .jsonl: table = try LineTable(shard: shard.name, in: folder.path)
        case .parquet:
            table = try ParquetTable(
                shard: shard.name,
                in: folder.path,
                width: settings.width,
                numbers: settings.numbers
            )
        }
    }

    /// Adds a row.
    package func append(key: String, _ values: [Float]) throws(OutputError) {
        precondition(values.count == folder.settings.width, "An embedding has as many numbers as the others.")
        try table.append(key: key, values)
        record.embedded += 1
    }

    /// Notes why a picture gets no row.
    package func fail(key: String, reason: String) throws(OutputError) {
        let file =
            if let failures { failures } else {
                try ShardFile(shard + ShardNames.failuresEnd, ofShard: shard, in: folder.path)
            }
        failures = file
        try file.append("{\"key\":\(JSONText.string(key)),\"reason\":\(JSONText.string(reason))}\n".utf8)
        record.failed += 1
    }

    /// Gives all files their names.
    ///
    /// - Parameters:
    ///   - passedOver: pictures that samples have beside those that were taken.
    ///   - damage: why the archive could not be read to its end.
    /// - Returns: what is in them.
    package func finish(
        passedOver: Int = 0,
        damage: String? = nil
    ) throws(OutputError) -> ShardRecord {
        (record.passedOver, record.damage) = (passedOver, damage)
        // The record that is there tells which files of another format are the shard's. What else has such a name is somebody's own.
        let format = ShardRecord.format(ofFileAt: folder.recordPath(shard))
        // Without a record the shard is unfinished, whatever else has its name.
        try folder.remove([shard + ShardRecord.fileEnd])
        let stale = format == folder.settings.format ? [] : format?.fileEnds ?? []
        try folder.remove((stale + [ShardNames.failuresEnd]).map { shard + $0 })
        try table.commit()
        try failures?.commit()
        try folder.synchronize()
        let file = try ShardFile(shard + ShardRecord.fileEnd, ofShard: shard, in: folder.path)
        try file.append(record.text.utf8)
        try file.commit()
        try folder.synchronize()
        return record
    }
}
