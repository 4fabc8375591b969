//! Names of people from many places, each in its own script.

use fastrand::Rng;

/// Names that go together.
struct Naming {
    given: &'static [&'static str],
    family: &'static [&'static str],
}

/// A given and a family name.
pub(super) fn name(rng: &mut Rng) -> (&'static str, &'static str) {
    let naming = &NAMINGS[rng.usize(..NAMINGS.len())];
    (naming.given[rng.usize(..naming.given.len())], naming.family[rng.usize(..naming.family.len())])
}

const NAMINGS: [Naming; 18] = [
    Naming {
        given: &["Grace", "Oliver", "Amelia", "Noah", "Mary-Jane", "D'Arcy"],
        family: &["Smith", "O'Neill", "Walker-Hughes", "Okafor", "Brown", "Taylor"],
    },
    Naming {
        given: &["Jürgen", "Änne", "Lukas", "Sophie", "Björn", "Käthe"],
        family: &["Müller", "Groß", "von der Heide", "Schäfer", "Öztürk", "Weiß"],
    },
    Naming {
        given: &["José", "María José", "Íñigo", "Lucía", "Ángel", "Ximena"],
        family: &["García Márquez", "Núñez", "de la Peña", "Ibáñez", "Quiñones", "López"],
    },
    Naming {
        given: &["Zoë", "François", "Aïcha", "Théo", "Maëlys", "Jean-Loup"],
        family: &["Lefèvre", "N'Diaye", "Besançon", "Côté", "Dubois", "L'Hôpital"],
    },
    Naming {
        given: &["Łukasz", "Żaneta", "Grażyna", "Paweł", "Ewa", "Jędrzej"],
        family: &["Wójcik", "Łuczak", "Brzęczyszczykiewicz", "Dąbrowska", "Żuk", "Kowalski"],
    },
    Naming {
        given: &["Sigríður", "Þór", "Åse", "Søren", "Ægir", "Linnéa"],
        family: &["Jónsdóttir", "Þórarinsson", "Ångström", "Kierkegård", "Bjørnson", "Nyström"],
    },
    Naming {
        given: &["Nguyên", "Thị Minh Khai", "Đức", "Hương", "Quỳnh", "Tuấn"],
        family: &["Nguyễn", "Trần", "Lê", "Phạm", "Đặng", "Võ"],
    },
    Naming {
        given: &["雷", "小龙", "梅", "子涵", "建国", "欣怡"], family: &["李", "王", "欧阳", "张", "陈", "诸葛"]
    },
    Naming {
        given: &["さくら", "翔太", "陽菜", "健", "美咲", "蓮"],
        family: &["佐藤", "鈴木", "髙橋", "渡邊", "小林", "伊藤"],
    },
    Naming {
        given: &["민준", "서연", "지훈", "하은", "도윤", "수빈"],
        family: &["김", "이", "박", "최", "남궁", "정"],
    },
    Naming {
        given: &["Анна", "Михаил", "Ёлка", "Дмитрий", "Юлія", "Олена"],
        family: &["Иванова", "Щербаков", "Королёв", "Шевченко", "Пушкин", "Ґалаґан"],
    },
    Naming {
        given: &["Ολυμπία", "Γιώργος", "Ελένη", "Νίκος", "Σοφία", "Άγγελος"],
        family: &["Παπαδόπουλος", "Ελύτης", "Καζαντζάκη", "Σεφέρης", "Βασιλείου", "Ωνάσης"],
    },
    Naming {
        given: &["عائشة", "محمد", "فاطمة", "عمر", "نور", "يوسف"],
        family: &["الخوارزمي", "ابن رشد", "حداد", "المصري", "عبد الله", "نجار"],
    },
    Naming {
        given: &["נועה", "דוד", "תמר", "איתן", "יעל", "אורי"],
        family: &["כהן", "לוי", "בן־גוריון", "מזרחי", "פרידמן", "שפירא"],
    },
    Naming {
        given: &["अनन्या", "आरव", "प्रिया", "रोहन", "दीपिका", "विक्रम"],
        family: &["शर्मा", "पटेल", "सिंह", "गुप्ता", "अय्यर", "चट्टोपाध्याय"],
    },
    Naming {
        given: &["สมชาย", "มาลี", "ณัฐพงษ์", "พิมพ์ชนก", "ธนกร", "กัญญา"],
        family: &["ศรีสุวรรณ", "แสงทอง", "วงศ์ใหญ่", "จันทร์โอชา", "บุญมา", "ทองดี"],
    },
    Naming {
        given: &["ሳራ", "አበበ", "ትዕግስት", "ዳዊት", "ሐና", "ኃይሌ"],
        family: &["በቀለ", "ገብረሥላሴ", "ተስፋዬ", "ወልደማርያም", "ከበደ", "መኮንን"],
    },
    Naming {
        given: &["Nino", "ნინო", "გიორგი", "თამარ", "Արամ", "Անի"],
        family: &["ბერიძე", "კაპანაძე", "Խաչատրյան", "Հովհաննիսյան", "ჯავახიშვილი", "Սարոյան"],
    },
];
