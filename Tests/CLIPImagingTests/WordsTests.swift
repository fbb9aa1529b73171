import CLIPImaging
import CLIPTestSupport
import Testing

@Suite("The words of imaging errors")
struct WordsTests {
    @Test("Every error is a sentence, and says what to do")
    func sentences() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "empty": ImagingError.empty, "unknownFormat": ImagingError.unknownFormat(.html),
            "tooMuchMemory": ImagingError.tooMuchMemory(bytes: 9, limit: 8),
            "outOfMemory": ImagingError.outOfMemory,
            "tookTooLong": ImagingError.tookTooLong(limit: .seconds(10)),
            "formatNotAllowed": ImagingError.formatNotAllowed(.avif),
            "formatNotAvailable": ImagingError.formatNotAvailable(.heic),
            "tooManyBytes": ImagingError.tooManyBytes(count: 9, limit: 8),
            "tooManyPixels": ImagingError.tooManyPixels(width: 3, height: 3, limit: 8),
            "tooManyPixelsOf": ImagingError.tooManyPixelsOf(.avif, count: 9, limit: 8),
            "tooManyBytesOf": ImagingError.tooManyBytesOf(.avif, count: 9, limit: 8),
            "sideTooLong": ImagingError.sideTooLong(width: 9, height: 3, limit: 8),
            "tooElongated": ImagingError.tooElongated(width: 9, height: 1, limit: 8),
            "badHeader": ImagingError.badHeader(.png), "badPixels": ImagingError.badPixels(.jpeg),
            "unsupportedColours": ImagingError.unsupportedColours(.tiff),
            "malformedConfiguration": ImagingError.malformedConfiguration(name: "size"),
            "notAdmitted": ImagingError.notAdmitted(bytes: 9), "stopped": ImagingError.stopped,
            "missingSetting": ImagingError.missingSetting(name: "size"),
            "unsupportedSetting": ImagingError.unsupportedSetting(name: "do_resize", value: "false"),
        ]
        let complaints = try Words.complaints(
            of: samples,
            type: "ImagingError",
            in: "CLIPImaging/ImagingError.swift",
            nothingToDo: ["stopped"]
        )
        #expect(complaints == [])
        #expect(Words.faults(of: "\(ImagingError.malformedConfiguration(name: nil))") == [])
    }
}
