#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension WeightError: CustomStringConvertible {
    /// Sentences for the person who starts the program: what is wrong with which file or tensor, and what helps.
    ///
    /// Names that come out of files are shortened and their control characters escaped, so that they cannot forge a
    /// line of a log.
    public var description: String { [finding, remedy].compactMap(\.self).joined(separator: " ") }

    private var finding: String {
        switch self {
        case .unreadableFile(let path, let code):
            "\(path) cannot be read: \(String(cString: strerror(code)))."
        case .notARegularFile(let path):
            "\(path) is not a regular file."
        case .fileTooLarge(let path, let byteCount, let limit):
            "\(path) has \(byteCount) bytes; at most \(limit) are read."
        case .fileChanged(let path):
            "\(path) changed its size while it was open."
        case .unwritableFile(let path, let code):
            "\(path) cannot be written: \(String(cString: strerror(code)))."
        case .staleCopy(let path, let reason):
            "\(path) is not used, and is made anew: \(reason)."

        case .fileTooSmall(let file, let byteCount):
            "\(file) has \(byteCount) bytes, too few for a safetensors file."
        case .headerTooLarge(let file, let byteCount, let limit):
            "\(file) claims a header of \(byteCount) bytes, more than the \(limit) that safetensors allows; "
                + "is it a safetensors file?"
        case .headerBeyondFile(let file, let headerByteCount, let fileByteCount):
            "\(file) claims a header of \(headerByteCount) bytes, but has \(fileByteCount) bytes in all; "
                + "was the download cut off?"
        case .notUTF8(let file):
            "\(file): the JSON is not UTF-8."
        case .malformedJSON(let file, let offset, let expected):
            "\(file): \(expected) was expected at byte \(offset) of the JSON."
        case .duplicateTensor(let name, let file):
            "\(file) lists the tensor \(quoted(name)) twice."
        case .duplicateKey(let key, let file):
            "\(file) gives \(quoted(key)) twice."
        case .trailingData(let file, let described, let found):
            "\(file): the header describes \(described) bytes of data, but \(found) follow it."

        case .duplicateField(let tensor, let field, let file):
            "\(file): the tensor \(quoted(tensor)) gives \(quoted(field)) twice."
        case .unknownField(let tensor, let field, let file):
            "\(file): the tensor \(quoted(tensor)) has the unknown field \(quoted(field))."
        case .missingField(let tensor, let field, let file):
            "\(file): the tensor \(quoted(tensor)) lacks \(quoted(field))."
        case .unknownScalarType(let tensor, let type, let file):
            "\(file): the tensor \(quoted(tensor)) has the unknown type \(quoted(type))."
        case .tooManyDimensions(let tensor, let limit, let file):
            "\(file): the tensor \(quoted(tensor)) has more than \(limit) dimensions."
        case .shapeOverflow(let tensor, let shape, let file):
            "\(file): the shape \(shape) of the tensor \(quoted(tensor)) is too large to count."
        case .offsetsReversed(let tensor, let begin, let end, let file):
            "\(file): the data of the tensor \(quoted(tensor)) begin at \(begin), after their end at \(end)."
        case .offsetsBeyondData(let tensor, let end, let dataByteCount, let file):
            "\(file): the data of the tensor \(quoted(tensor)) end at \(end), but the file has only "
                + "\(dataByteCount) bytes of data; was the download cut off?"
        case .byteCountMismatch(let tensor, let expected, let found, let file):
            "\(file): the tensor \(quoted(tensor)) takes \(expected) bytes by its shape and type, "
                + "but \(found) by its offsets."
        case .holeInData(let tensor, let expectedBegin, let begin, let file):
            "\(file): the data of the tensor \(quoted(tensor)) begin at \(begin) and leave a hole "
                + "from \(expectedBegin) on."
        case .overlappingData(let tensor, let expectedBegin, let begin, let file):
            "\(file): the data of the tensor \(quoted(tensor)) begin at \(begin), but those of another tensor "
                + "end at \(expectedBegin)."

        case .indexWithoutWeightMap(let file):
            "\(file) has no weight_map."
        case .unsafeShardName(let name, let file):
            "\(file) names the shard \(quoted(name)), which is not a safetensors file of the same directory."
        case .tooManyShards(let file, let limit):
            "\(file) names more than \(limit) shards."
        case .tensorNotInShard(let name, let shard):
            "\(shard) does not hold the tensor \(quoted(name)) that the index places there."
        case .tensorNotInIndex(let name, let shard):
            "\(shard) holds the tensor \(quoted(name)), which the index does not place there."

        case .notADirectory(let path):
            "\(path) is not a directory that can be listed."
        case .modelNotFound(let path, let missing):
            "\(path) holds no complete model: \(missing.joined(separator: ", ")) not found. A model is config.json "
                + "with model.safetensors (transformers), or open_clip_config.json with open_clip_model.safetensors "
                + "(OpenCLIP)."
        case .pickledWeightsOnly(let path, let files):
            "\(path) has weights only as Python pickles (\(list(files, count: files.count))), which can run code "
                + "and are never read."

        case .missingTensors(let names, let count):
            "The checkpoint lacks \(list(names, count: count))."
        case .shapeMismatch(let tensor, let expected, let found):
            "The tensor \(quoted(tensor)) has the shape \(found); the configuration asks for \(expected)."
        case .unusedTensors(let names, let count):
            "The model has no use for \(list(names, count: count)); the configuration does not describe these weights."
        case .notFinite(let tensor, let element, let file):
            "\(file): the tensor \(quoted(tensor)) holds something that is no finite number, at element \(element): "
                + "the checkpoint is damaged, or its training diverged."
        case .notConvertibleToFloat(let tensor, let type):
            "The tensor \(quoted(tensor)) is of type \(type.rawValue), where floating-point numbers are needed."
        }
    }

    /// What helps; nil where nothing is to be done.
    private var remedy: String? {
        switch self {
        case .unreadableFile: "Download it anew, or check its path and who may read it."
        case .notARegularFile: "Put the file itself there, or download it anew."
        case .fileChanged: "Wait until nothing writes to it, and start again."
        case .unwritableFile:
            "Make room there and let this program write, or name another directory with --packed-cache."
        case .staleCopy: nil
        case .fileTooLarge, .notUTF8, .malformedJSON, .duplicateKey: "Download it anew."
        case .fileTooSmall, .headerTooLarge, .headerBeyondFile, .duplicateTensor, .trailingData,
            .duplicateField, .unknownField, .missingField, .unknownScalarType, .tooManyDimensions,
            .shapeOverflow, .offsetsReversed, .offsetsBeyondData, .byteCountMismatch, .holeInData,
            .overlappingData:
            "Download it anew, or save it again as safetensors."
        case .indexWithoutWeightMap, .unsafeShardName, .tooManyShards, .tensorNotInShard, .tensorNotInIndex:
            "Download the index and all of its shards anew."
        case .notADirectory: "Check the path that --model names."
        case .modelNotFound: "Download what is missing, or name another directory with --model."
        case .pickledWeightsOnly:
            "Save them as safetensors, with transformers: CLIPModel.from_pretrained(\"IN\").save_pretrained(\"OUT\"); "
                + "with OpenCLIP: safetensors.torch.save_file(model.state_dict(), \"open_clip_model.safetensors\")."
        case .missingTensors, .shapeMismatch, .unusedTensors:
            "Take configuration and weights from one checkpoint."
        case .notFinite: "Download it anew, or use an earlier checkpoint."
        case .notConvertibleToFloat: "Save it as float32, float16 or bfloat16."
        }
    }

    private func list(_ names: [String], count: Int) -> String {
        let listed = names.prefix(WeightScope.listedNameLimit)
        let rest = count - listed.count
        return listed.map(quoted).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    private func quoted(_ name: String) -> String {
        let short = name.unicodeScalars.prefix(120)
        let text = short.map {
            $0.properties.generalCategory == .control ? $0.escaped(asASCII: true) : String($0)
        }
        return "'\(text.joined())\(short.endIndex < name.unicodeScalars.endIndex ? "..." : "")'"
    }
}
