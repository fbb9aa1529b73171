import CLIPEngine
import CLIPIndex
import CLIPTestSupport
import Testing

@Suite("The words of an index's errors")
struct WordsTests {
    @Test("Every error is a sentence, and says what to do")
    func sentences() throws {
        let (path, database) = ("photos.index", "postgresql://me@db/photos")
        let samples: KeyValuePairs<String, any Error> = [
            "notFound": IndexError.notFound(path: path),
            "foreign": IndexError.foreign(path: path),
            "newer": IndexError.newer(path: path),
            "damaged": IndexError.damaged(path: path, what: "a file has no vector"),
            "unusable": IndexError.unusable(path: path, cause: "Permission denied"),
            "diskFull": IndexError.diskFull(path: path),
            "busy": IndexError.busy(path: path),
            "otherModel": IndexError.otherModel(.precision(index: "f32", given: "bf16")),
            "address": IndexError.address(what: "clip_wait is no number of seconds up to a day"),
            "unreachable": IndexError.unreachable(index: database, cause: "the connection is gone"),
            "refused": IndexError.refused(index: database, cause: "password authentication failed"),
            "noVectors": IndexError.noVectors(index: database, version: nil),
            "noVectors": IndexError.noVectors(index: database, version: "0.6.2"),
            "database": IndexError.database(index: database, cause: "there is no room for locks"),
            "outOfMemory": IndexError.outOfMemory(bytes: 8),
        ]
        #expect(try Words.complaints(of: samples, type: "IndexError", in: "CLIPIndex/IndexError.swift") == [])
    }

    @Test("Every difference of models is a sentence")
    func mismatches() throws {
        let samples: [(name: String, texts: [String])] = [
            ("name", ["\(IndexError.ModelMismatch.name(index: "a", given: "b"))"]),
            ("precision", ["\(IndexError.ModelMismatch.precision(index: "f32", given: "bf16"))"]),
            ("width", ["\(IndexError.ModelMismatch.width(index: 512, given: 768))"]),
            ("weights", ["\(IndexError.ModelMismatch.weights(name: "a"))"]),
        ]
        let complaints = try Words.complaints(
            ofTexts: samples,
            type: "ModelMismatch",
            in: "CLIPIndex/IndexError.swift"
        )
        #expect(complaints == [])
    }

    @Test("Why a server's pictures cannot be searched is told with what to do")
    func searches() throws {
        let path = "photo.jpg"
        let samples: KeyValuePairs<String, any Error> = [
            "noPicture": PictureSearchError.noPicture(id: 7),
            "changedFile": PictureSearchError.changedFile(path: path),
            "undecodableFile": PictureSearchError.undecodableFile(path: path, .tooSlow(limit: .seconds(10))),
            "cancelsOut": PictureSearchError.cancelsOut,
            "noModel": PictureSearchError.noModel(name: "ViT-B-32"),
            "index": PictureSearchError.index(.busy(path: "photos.index")),
            "engine": PictureSearchError.engine(.overloaded(retryAfterSeconds: 8), term: nil),
        ]
        let file = "CLIPIndex/Search/PictureSearchError.swift"
        #expect(try Words.complaints(of: samples, type: "PictureSearchError", in: file) == [])
    }

    @Test("What ends an update is told in the words of its cause")
    func updates() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "index": IndexUpdateError.index(.busy(path: "photos.index")),
            "engine": IndexUpdateError.engine(.overloaded(retryAfterSeconds: 8)),
        ]
        let file = "CLIPIndex/Updating/IndexUpdate.swift"
        #expect(try Words.complaints(of: samples, type: "IndexUpdateError", in: file) == [])
    }

    @Test("What ends the watching of folders is a sentence, with the limit to raise")
    func watches() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "update": IndexWatchError.update(.index(.busy(path: "photos.index"))),
            "tooManyFolders": IndexWatchError.tooManyFolders(limit: 8192),
            "tooManyWatchers": IndexWatchError.tooManyWatchers(limit: 128),
            "unsupported": IndexWatchError.unsupported,
            "failed": IndexWatchError.failed(cause: "Operation not permitted"),
        ]
        let file = "CLIPIndex/Watching/IndexWatchError.swift"
        #expect(try Words.complaints(of: samples, type: "IndexWatchError", in: file) == [])
        #expect("\(IndexWatchError.tooManyFolders(limit: 8192))".contains("max_user_watches=65536"))
        #expect("\(IndexWatchError.tooManyFolders(limit: nil))".contains("max_user_watches=1024"))
        #expect("\(IndexWatchError.tooManyFolders(limit: .max))".contains("max_user_watches=524288"))
    }
}
