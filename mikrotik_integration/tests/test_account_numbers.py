"""Account numbers: given to one subscription, and to none after it."""

from unittest.mock import patch

import frappe

from mikrotik_integration.core.payments import account_numbers
from mikrotik_integration.services import inbox
from mikrotik_integration.tests.test_books import BooksTestCase


class TestAccountNumbers(BooksTestCase):
	def test_a_site_restored_from_a_backup_gives_out_other_numbers(self):
		frappe.db.savepoint("backup")
		lost = [self.subscribe().name for _n in range(5)]
		frappe.db.rollback(save_point="backup")
		self.assertEqual(set(), set(lost) & {self.subscribe().name for _n in range(5)})

	def test_ten_digits_with_a_check_digit(self):
		name = self.subscribe().name
		self.assertEqual((10, name), (len(name), account_numbers.parse(name)))

	def test_the_number_of_a_deleted_subscription_is_nobodys_afterwards(self):
		living, deleted, fresh = self.subscribe(), self.subscribe(), account_numbers.draw()
		deleted.delete()
		with patch.object(account_numbers, "draw", side_effect=[living.name, deleted.name, fresh]):
			self.assertEqual(fresh, self.subscribe().name)
		self.assertEqual((None, None), inbox.find_subscription(deleted.name, ""))

	def test_numbers_of_before_are_valid_as_ever(self):
		old, number = self.subscribe(), account_numbers.make(98_765)
		frappe.rename_doc(old.doctype, old.name, number, force=True, show_alert=False)
		self.assertEqual((number, None), inbox.find_subscription(f" {number[:3]}-{number[3:]}", ""))
