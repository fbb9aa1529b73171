// All texts of the page in both languages, and the choice between them.

const english = {
  title: "Which words fit a picture best?",
  lead: "Add pictures, write a few labels, and see them ranked. Or find the pictures that a sentence describes, or compare texts.",
  skip: "Skip to the results",
  links: "Links",
  document: "API document",
  state: "Server state",
  modes: "What to compare",
  modeLabels: "Label pictures",
  modeSentence: "Find pictures",
  modeTexts: "Compare texts",
  pictures: "Pictures",
  choose: "Choose pictures",
  dropHint: "or drop them anywhere, or paste with Ctrl+V",
  camera: "Take a photo",
  tray: "Chosen pictures",
  remove: (name) => `Remove ${name}`,
  clear: "Remove all",
  samples: "No picture at hand? Try one of these:",
  sampleCat: "Add the picture of a cat",
  sampleEspresso: "Add the picture of an espresso",
  sampleTruck: "Add the picture of a truck",
  labels: "Labels",
  otherTexts: "Texts to compare it with",
  labelsHint: "One per line, or separated by commas on one line.",
  count: (n) => (n === 0 ? "" : n === 1 ? "1 entry" : `${n} entries`),
  sentence: "Sentence to find",
  oneText: "Text",
  examples: "Examples:",
  exampleSets: [
    { name: "Animals", labels: ["cat", "dog", "koala", "bird"] },
    { name: "Things", labels: ["espresso", "bucket", "chair", "frying pan"] },
    { name: "On the road", labels: ["truck", "airplane", "triumphal arch", "dam"] },
  ],
  exampleSentences: ["a cat", "a cup of espresso", "a truck"],
  exampleTexts: [
    { name: "a kitten", text: "a kitten", labels: ["a cat", "a dog", "a truck", "a cup of coffee"] },
  ],
  options: "More settings",
  model: "Model",
  defaultModel: "The server's default",
  notLoaded: "not loaded yet",
  toFetch: (size) => `to be downloaded, ${size}`,
  template: "Sentence around each label",
  templateHint: "Each label takes the place of {}, as in “a photo of a {}”. Left empty, labels are used as they are.",
  submit: "Compare",
  results: "Results",
  noneYet: "Nothing here yet. Add a picture and a few labels, and the ranking appears here.",
  working: (done, all) => (all > 1 ? `Comparing… ${done} of ${all} done` : "Comparing…"),
  done: (n) => (n === 1 ? "Done: 1 picture." : `Done: ${n} pictures.`),
  doneTexts: (n) => (n === 1 ? "Done: 1 text." : `Done: ${n} texts.`),
  best: (name, label, figure) => `${name}: ${label}, ${figure}.`,
  bestPicture: (name, figure) => `Best match: ${name}, ${figure}.`,
  failed: (n) => (n === 1 ? "1 picture could not be compared." : `${n} pictures could not be compared.`),
  waiting: (seconds) => `The server is busy. Trying again in ${seconds} s…`,
  needPicture: "Please add a picture first.",
  needLabels: "Please write at least one label.",
  needSentence: "Please write a sentence first.",
  needTemplate: "The sentence around the labels needs {} where each label goes.",
  answered: "The server answered:",
  unreachable: "The server cannot be reached, or it ended the connection: perhaps it has stopped, or the picture is larger than it accepts.",
  unreadable: "The browser cannot read this file. Is it a folder, or has it been moved?",
  needKey: "This server asks for an API key.",
  wrongKey: "The server does not know this key. Please try another one.",
  key: "API key",
  keyHint: "It is kept in this tab's memory only, and forgotten when the tab is closed.",
  keySubmit: "Continue",
  similarity: "similarity",
  command: "The same with curl",
  commandOfAll: "All of them with curl",
  close: "Close",
  copy: "Copy",
  copied: "Copied",
  milliseconds: (n) => `${n} ms`,
  privacy: "Pictures and texts go to this server and nowhere else.",
  routes: "All routes of this server",
};

const korean = {
  title: "사진에 가장 어울리는 말은 무엇일까요?",
  lead: "사진을 올리고 라벨을 몇 개 적으면 잘 맞는 순서로 보여 드려요. 문장으로 사진을 찾거나 글끼리 비교할 수도 있어요.",
  skip: "결과로 건너뛰기",
  links: "링크",
  document: "API 문서",
  state: "서버 상태",
  modes: "비교 방식",
  modeLabels: "사진에 라벨 달기",
  modeSentence: "사진 찾기",
  modeTexts: "글 비교",
  pictures: "사진",
  choose: "사진 고르기",
  dropHint: "끌어다 놓거나 Ctrl+V로 붙여 넣어도 돼요",
  camera: "사진 찍기",
  tray: "고른 사진",
  remove: (name) => `${name} 빼기`,
  clear: "모두 빼기",
  samples: "사진이 없나요? 이 사진으로 해 보세요.",
  sampleCat: "고양이 사진 넣기",
  sampleEspresso: "에스프레소 사진 넣기",
  sampleTruck: "트럭 사진 넣기",
  labels: "라벨",
  otherTexts: "비교할 글",
  labelsHint: "한 줄에 하나씩 적거나, 한 줄에 쉼표로 나눠 적어 주세요.",
  count: (n) => (n === 0 ? "" : `${n}개`),
  sentence: "찾을 장면을 설명하는 문장",
  oneText: "기준이 되는 글",
  examples: "예시:",
  exampleSets: [
    { name: "동물", labels: ["고양이", "개", "코알라", "새"] },
    { name: "물건", labels: ["에스프레소", "양동이", "의자", "프라이팬"] },
    { name: "길 위", labels: ["트럭", "비행기", "개선문", "댐"] },
  ],
  exampleSentences: ["고양이", "에스프레소 한 잔", "트럭"],
  exampleTexts: [
    { name: "새끼 고양이", text: "새끼 고양이", labels: ["고양이", "개", "트럭", "커피 한 잔"] },
  ],
  options: "추가 설정",
  model: "모델",
  defaultModel: "서버 기본 모델",
  notLoaded: "아직 불러오지 않음",
  toFetch: (size) => `${size} 내려받아야 함`,
  template: "라벨을 넣을 문장",
  templateHint: "‘{} 사진’처럼 적으면 {} 자리에 라벨이 들어가요. 비워 두면 라벨을 그대로 써요.",
  submit: "비교하기",
  results: "결과",
  noneYet: "아직 결과가 없어요. 사진을 올리고 라벨을 적으면 여기에 순위가 나타나요.",
  working: (done, all) => (all > 1 ? `비교하는 중이에요… ${all}장 중 ${done}장 완료` : "비교하는 중이에요…"),
  done: (n) => `사진 ${n}장을 비교했어요.`,
  doneTexts: (n) => `글 ${n}개를 비교했어요.`,
  best: (name, label, figure) => `${name}: ${label}, ${figure}.`,
  bestPicture: (name, figure) => `가장 잘 맞는 사진: ${name}, ${figure}.`,
  failed: (n) => `사진 ${n}장은 비교하지 못했어요.`,
  waiting: (seconds) => `서버가 바빠요. ${seconds}초 뒤에 다시 시도할게요…`,
  needPicture: "먼저 사진을 올려 주세요.",
  needLabels: "라벨을 하나 이상 적어 주세요.",
  needSentence: "먼저 문장을 적어 주세요.",
  needTemplate: "라벨을 넣을 문장에는 라벨이 들어갈 자리인 {}가 있어야 해요.",
  answered: "서버의 답:",
  unreachable: "서버에 연결할 수 없거나 연결이 끊겼어요. 서버가 멈췄거나 사진이 너무 큰 것일 수 있어요.",
  unreadable: "브라우저가 이 파일을 읽지 못했어요. 폴더이거나 옮겨진 파일이 아닌지 확인해 주세요.",
  needKey: "이 서버를 쓰려면 API 키가 필요해요.",
  wrongKey: "서버가 모르는 키예요. 다른 키를 넣어 주세요.",
  key: "API 키",
  keyHint: "키는 이 탭의 메모리에만 두고, 탭을 닫으면 사라져요.",
  keySubmit: "계속하기",
  similarity: "유사도",
  command: "같은 요청을 curl로 보내기",
  commandOfAll: "모두 curl로 보내기",
  close: "닫기",
  copy: "복사",
  copied: "복사했어요",
  milliseconds: (n) => `${n}ms`,
  privacy: "사진과 글은 이 서버로만 보내고, 다른 곳으로는 보내지 않아요.",
  routes: "이 서버의 모든 경로",
};

const languages = { en: english, ko: korean };

/** The language that was chosen before, or else the browser's. */
function preferred() {
  try {
    const kept = localStorage.getItem("language");
    if (kept in languages) return kept;
  } catch {
    // The browser stores nothing; its own language is used.
  }
  return /^ko\b/i.test(navigator.language) ? "ko" : "en";
}

let language = preferred();

/** The texts in the current language. */
export const words = () => languages[language];

export const percent = (share) =>
  new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(share);

export const cosine = (number) =>
  new Intl.NumberFormat(language, { minimumFractionDigits: 3, maximumFractionDigits: 3 }).format(number);

export function bytes(number) {
  const [unit, scale] = number < 1e6 ? ["kilobyte", 1e3] : number < 1e9 ? ["megabyte", 1e6] : ["gigabyte", 1e9];
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }).format(number / scale);
}

/** Puts the texts into the page. */
export function show() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = words()[element.dataset.word];
  for (const element of document.querySelectorAll("[data-name]")) {
    element.setAttribute("aria-label", words()[element.dataset.name]);
  }
  const other = document.getElementById("language");
  other.lang = language === "ko" ? "en" : "ko";
  other.textContent = language === "ko" ? "English" : "한국어";
}

/** Switches to the other language, and stores the choice. */
export function change() {
  language = language === "ko" ? "en" : "ko";
  try {
    localStorage.setItem("language", language);
  } catch {
    // The browser stores nothing; the choice holds for this visit.
  }
  show();
}
